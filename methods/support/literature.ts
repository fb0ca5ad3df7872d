/** Publications that several methods' known failures rest on, in full once. */

export const ADEBAYO_2018 =
  'Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018';
export const ALVAREZ_MELIS_2018 =
  'Alvarez-Melis, Jaakkola, "On the Robustness of Interpretability Methods", arXiv 1806.08049, 2018';
export const ANCONA_2018 =
  'Ancona, Ceolini, Öztireli, Gross, "Towards better understanding of gradient-based attribution methods for deep neural networks", ICLR 2018';
export const BANSAL_2020 =
  'Bansal, Agarwal, Nguyen, "SAM: The Sensitivity of Attribution Methods to Hyperparameters", CVPR 2020';
export const DRAELOS_2020 =
  'Draelos, Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks", arXiv 2011.08891, 2020';
export const HOOKER_2019 =
  'Hooker, Erhan, Kindermans, Kim, "A Benchmark for Interpretability Methods in Deep Neural Networks", NeurIPS 2019';
export const KINDERMANS_2019 =
  'Kindermans, Hooker, Adebayo, Alber, Schütt, Dähne, Erhan, Kim, "The (Un)reliability of Saliency Methods", 2019';
export const KUMAR_2020 =
  'Kumar, Venkatasubramanian, Scheidegger, Friedler, "Problems with Shapley-value-based explanations as feature importance measures", ICML 2020';
export const NIE_2018 =
  'Nie, Zhang, Patel, "A Theoretical Explanation for Perplexing Behaviors of Backpropagation-based Visualizations", ICML 2018';
export const SEO_2018 =
  'Seo, Choe, Koo, Jeon, Kim, Jeon, "Noise-adding Methods of Saliency Map as Series of Higher Order Partial Derivative", ICML workshop 2018';
export const SHAH_2021 =
  'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021';
export const SHRIKUMAR_2017 =
  'Shrikumar, Greenside, Kundaje, "Learning Important Features Through Propagating Activation Differences", ICML 2017';
export const SIXT_2020 =
  'Sixt, Granz, Landgraf, "When Explanations Lie: Why Many Modified BP Attributions Fail", ICML 2020';
export const SLACK_2020 =
  'Slack, Hilgard, Jia, Singh, Lakkaraju, "Fooling LIME and SHAP: Adversarial Attacks on Post hoc Explanation Methods", AIES 2020';
export const STURMFELS_2020 =
  'Sturmfels, Lundberg, Lee, "Visualizing the Impact of Feature Attribution Baselines", Distill 2020';
export const SUNDARARAJAN_2017 = 'Sundararajan, Taly, Yan, "Axiomatic Attribution for Deep Networks", ICML 2017';

/** What needs no source but the formula. */
export const BY_DEFINITION = 'by definition';
/** What the conformance suite's search has found. */
export const FOUND_HERE = 'counterexample in the conformance suite';
/** What the committed records show. */
export const MEASURED_HERE = 'leakage into the null block, records in results/standard';
