/** BlockMNIST-Top: the digit always stands above the null block. */
import { blockMnist } from './blockmnist/family.ts';

export default blockMnist({ id: 'blockmnist-top', title: 'BlockMNIST-Top', side: () => 'top' });
