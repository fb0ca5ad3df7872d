/**
 * C++ that is compiled into the addon beside tfjs-node's own sources: an operation of gradient descent with momentum.
 *
 * AttribenchMomentum(weight, last, gradient, decay, momentum) moves the resource `weight` by minus u and sets the
 * resource `last` to u = gradient + decay * weight + momentum * last, in float32 and in this order, each product and
 * sum rounded (-ffp-contract=off). A matrix is larger than the caches, so that its time is that of reading and
 * writing it: the library's operations take a pass for the decay, one for u and one for the weight, nine numbers read or
 * written for each of a matrix; this takes one, and five. On one core whatever the library is allowed, as descents are run.
 *
 * The library copies a resource's tensor first where anything else holds it (TF_GetInputTensorFromVariable).
 */
export const MOMENTUM_KERNEL = `
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/kernels_experimental.h"
#include "tensorflow/c/ops.h"

namespace {

enum Input { kWeight, kLast, kGradient, kDecay, kMomentum, kInputs };

void copy(TF_OpKernelContext*, TF_Tensor* source, TF_Tensor* target) {
  std::memcpy(TF_TensorData(target), TF_TensorData(source), TF_TensorByteSize(source));
  TF_DeleteTensor(source);
  TF_DeleteTensor(target);
}

void move(float* __restrict weight, float* __restrict last, const float* __restrict gradient, size_t size, float decay,
          float momentum) {
  for (size_t i = 0; i < size; i++) {
    const float change = gradient[i] + decay * weight[i];
    const float step = momentum * last[i] + change;
    last[i] = step;
    weight[i] -= step;
  }
}

void refuse(TF_Status* status, const char* why) { TF_SetStatus(status, TF_INVALID_ARGUMENT, why); }

void check(TF_Tensor* const* inputs, TF_Status* status) {
  for (int i = 0; i < kInputs; i++)
    if (TF_TensorType(inputs[i]) != TF_FLOAT) return refuse(status, "AttribenchMomentum: expected float32 alone");
  const size_t size = TF_TensorByteSize(inputs[kGradient]);
  if (TF_TensorByteSize(inputs[kWeight]) != size || TF_TensorByteSize(inputs[kLast]) != size)
    return refuse(status, "AttribenchMomentum: expected weight, last and gradient of one size");
  if (TF_TensorElementCount(inputs[kDecay]) != 1 || TF_TensorElementCount(inputs[kMomentum]) != 1)
    return refuse(status, "AttribenchMomentum: expected one number as decay and one as momentum");
}

void compute(void*, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  TF_Tensor* inputs[kInputs] = {};
  for (int i = 0; i < kInputs && TF_GetCode(status) == TF_OK; i++) {
    if (i <= kLast)
      TF_GetInputTensorFromVariable(context, i, false, false, false, copy, &inputs[i], status);
    else
      TF_GetInput(context, i, &inputs[i], status);
  }
  if (TF_GetCode(status) == TF_OK) check(inputs, status);
  if (TF_GetCode(status) == TF_OK) {
    float* data[kInputs];
    for (int i = 0; i < kInputs; i++) data[i] = static_cast<float*>(TF_TensorData(inputs[i]));
    const size_t size = TF_TensorElementCount(inputs[kGradient]);
    move(data[kWeight], data[kLast], data[kGradient], size, *data[kDecay], *data[kMomentum]);
  } else {
    TF_OpKernelContext_Failure(context, status);
  }
  for (TF_Tensor* input : inputs)
    if (input != nullptr) TF_DeleteTensor(input);
  TF_DeleteStatus(status);
}

void require(TF_Status* status) {
  if (TF_GetCode(status) == TF_OK) return;
  std::fprintf(stderr, "[attribench] AttribenchMomentum cannot be registered: %s\\n", TF_Message(status));
  std::abort();
}

const bool registered = [] {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* operation = TF_NewOpDefinitionBuilder("AttribenchMomentum");
  for (const char* input : {"weight: resource", "last: resource", "gradient: float", "decay: float", "momentum: float"})
    TF_OpDefinitionBuilderAddInput(operation, input);
  TF_OpDefinitionBuilderSetIsStateful(operation, true);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(operation, [](TF_ShapeInferenceContext*, TF_Status*) {});
  TF_RegisterOpDefinition(operation, status);
  require(status);
  TF_RegisterKernelBuilder("AttribenchMomentum", TF_NewKernelBuilder("AttribenchMomentum", "CPU", nullptr, compute, nullptr),
                           status);
  require(status);
  TF_DeleteStatus(status);
  return true;
}();

}  // namespace
`;
