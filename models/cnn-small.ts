import { defineModel } from 'attribench';
import { convolution, dense, expectSides, flattened, maxPooled, network, relu } from './support/layers.ts';

/** Two convolutions with max-pooling and two dense layers, in the manner of LeNet; sizes are our choice. */
export default defineModel({
  id: 'cnn-small',
  title: 'Small CNN',
  cite: 'After LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 1998',
  revision: 1,
  parameters: { width: 16 },
  build: ({ inputShape, classes, parameters: { width } }) => {
    expectSides('cnn-small', inputShape, 4);
    return network(inputShape, (images) => {
      const first = relu(
        'relu-1',
        convolution('conv-1', images, { filters: width, kernel: 3, padding: 1, bias: true }),
      );
      const halved = maxPooled('pool-1', first, 2, 2);
      const second = convolution('conv-2', halved, { filters: 2 * width, kernel: 3, padding: 1, bias: true });
      const quartered = maxPooled('pool-2', relu('relu-2', second), 2, 2);
      const hidden = relu('relu-3', dense('hidden', flattened('flatten', quartered), 4 * width));
      return dense('logits', hidden, classes);
    });
  },
});
