"""Other libraries' names for what is in lamina: `lamina.compat.tensorflow`."""
