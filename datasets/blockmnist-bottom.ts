/** BlockMNIST-Bottom: the digit always stands below the null block; the paired counterpart of BlockMNIST-Top. */
import { blockMnist } from './blockmnist/family.ts';

export default blockMnist({ id: 'blockmnist-bottom', title: 'BlockMNIST-Bottom', side: () => 'bottom' });
