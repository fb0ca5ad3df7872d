import { defineModel } from 'attribench';
import { basicBlock, RESIDUAL, residualNetwork } from './support/residual.ts';

/** Residual network of 18 layers; by default the variant for CIFAR's small images, with the paper's global average pooling. */
export default defineModel({
  id: 'resnet-18',
  title: 'ResNet-18',
  cite: 'He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016; stem for CIFAR as in Shah, Jain, Netrapalli, NeurIPS 2021',
  revision: 1,
  parameters: RESIDUAL,
  initialisation: 'torchvision-resnet',
  build: (request) => residualNetwork('resnet-18', basicBlock, [2, 2, 2, 2], request),
});
