/** BlockMNIST: the digit stands above or below the null block, with probability 1/2 each. */
import { blockMnist } from './blockmnist/family.ts';

export default blockMnist({
  id: 'blockmnist',
  title: 'BlockMNIST',
  side: (own) => (own.integer(2) === 0 ? 'top' : 'bottom'),
});
