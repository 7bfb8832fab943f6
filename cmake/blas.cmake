# Defines lamina_blas: any BLAS that CMake finds, else that of the Python package scipy-openblas32, which the wheel then
# brings along. BLA_VENDOR and CMAKE_PREFIX_PATH choose among several.
add_library(lamina_blas INTERFACE)
set(BLA_SIZEOF_INTEGER 4)
find_package(BLAS QUIET)
if(BLAS_FOUND)
  set(prefix "")
  list(GET BLAS_LIBRARIES 0 library)
  target_link_libraries(lamina_blas INTERFACE BLAS::BLAS)
else()
  find_package(Python COMPONENTS Interpreter REQUIRED)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
            "import scipy_openblas32 as b; print(b.get_lib_dir(), b.get_library(fullname=True), sep='/', end='')"
    OUTPUT_VARIABLE library
    RESULT_VARIABLE status
    ERROR_QUIET
  )
  if(NOT status EQUAL 0)
    message(
      FATAL_ERROR
        "LAMINA_BLAS=ON: no BLAS was found, and ${Python_EXECUTABLE} has no package scipy-openblas32.\n"
        "Install one with the system's packages (Debian: apt-get install libopenblas-dev),\n"
        "or the package: pip install scipy-openblas32 scikit-build-core pybind11, then build with --no-build-isolation."
    )
  endif()
  set(prefix scipy_)
  set(LAMINA_BLAS_BROUGHT_ALONG "${library}")
  target_link_libraries(lamina_blas INTERFACE "${library}")
endif()
get_filename_component(name "${library}" NAME)
target_compile_definitions(lamina_blas INTERFACE LAMINA_BLAS_PREFIX=${prefix} LAMINA_BLAS_NAME="${name}")
message(STATUS "BLAS for large products: ${library}")
