import { defineModel } from 'attribench';
import { bottleneck, RESIDUAL, residualNetwork } from './support/residual.ts';

/** Residual network of 50 layers in bottlenecks; by default the variant for CIFAR's small images. */
export default defineModel({
  id: 'resnet-50',
  title: 'ResNet-50',
  cite: 'He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016; stem for CIFAR as in Shah, Jain, Netrapalli, NeurIPS 2021',
  revision: 1,
  parameters: RESIDUAL,
  initialisation: 'torchvision-resnet',
  build: (request) => residualNetwork('resnet-50', bottleneck, [3, 4, 6, 3], request),
});
