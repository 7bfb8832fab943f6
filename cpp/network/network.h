// A network: its layers as the user described them, their weights, and the arenas that own gradients and moments.
#pragma once
#include <string>
#include <vector>

#include "base/arena.h"
#include "kernels/dispatch.h"
#include "layers/layer.h"
#include "network/weight.h"

namespace lamina::network {

template <class T> class Network {
 public:
  // Makes the weights that are missing, with zeros. Throws std::invalid_argument where a layer makes no sense or a
  // weight has another shape.
  Network(Index inputs, std::vector<layers::LayerSpec> layers, Weights<T> weights, const kernels::Table<T>& table);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  Index inputs() const { return inputs_; }            // features of a sample
  Index outputs() const { return shape_.columns; }    // of a row of the last layer
  Index times() const { return shape_.times; }        // rows of the last layer for each sample
  const std::vector<layers::LayerSpec>& layers() const { return layers_; }
  const kernels::Table<T>& table() const { return table_; }

  // All weights in the user's order, and where those of a layer begin.
  const Weights<T>& weights() const { return weights_; }
  const std::vector<layers::Parameter<T>>& parameters() const { return parameters_; }
  const layers::Parameter<T>* parameters_of(std::size_t layer) const { return parameters_.data() + first_[layer]; }

  // Copies between panels and a plain row-major array.
  void read_weight(std::size_t i, T* out) const { weights_.at(i)->read(out); }
  void write_weight(std::size_t i, const T* in) { weights_.at(i)->write(in); }
  void read_gradient(std::size_t i, T* out) const;
  void read_moment(int slot, std::size_t i, T* out) const;
  void write_moment(int slot, std::size_t i, const T* in);

  // Room for a moment of every weight for each of these values, with which it begins.
  void reset_moments(const std::vector<double>& first);
  void copy_weights_to_moment(int slot);
  void copy_moment_to_weights(int slot);  // of the weights that are trained
  void ensure_gradients();

  // Keeps a copy of all weights, to which go_back() returns.
  void keep();
  void go_back();
  bool finite() const;  // all weights are

 private:
  Index inputs_;
  layers::Shape shape_;  // of the last layer
  std::vector<layers::LayerSpec> layers_;
  const kernels::Table<T>& table_;
  std::vector<layers::Parameter<T>> parameters_;
  std::vector<std::size_t> first_;  // by layer
  Weights<T> weights_;
  std::vector<Index> offsets_;  // by parameter, in any of the arenas
  Index room_ = 0;              // elements of an arena
  Arena<T> kept_, gradients_, moments_[kernels::max_moments];
};

}  // namespace lamina::network
