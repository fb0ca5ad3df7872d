/**
 * Every interface that a plugin or a record obeys, in one file.
 *
 * Plugins are plain objects made by `defineMethod`, `defineDataset`, `defineModel`, `defineTraining`,
 * `defineCheck` and `defineProfile`. They travel between processes as module URLs, never as live
 * objects; what crosses a process boundary is JSON or bytes.
 */
import type { LayersModel, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type { Stream } from './random.ts';
import type { Side } from './removal/masks.ts';
import type { Removal } from './removal/operators.ts';
import type { Ranking } from './removal/rankings.ts';

// ---------------------------------------------------------------------------------------------
// Words shared by all plugins

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Settings of a plugin: names to JSON values; the plugin's own object holds the defaults. */
export type Parameters = { readonly [name: string]: Json };

export type PluginKind = 'method' | 'model' | 'training' | 'dataset' | 'check' | 'profile';

/** What every plugin says of itself. */
export interface Described {
  /** kebab-case; equals the file's name. */
  readonly id: string;
  /** A few words for tables. */
  readonly title: string;
  /** The source: authors, title, venue, section or equation. */
  readonly cite: string;
  /** Raised whenever the output changes; records of an older revision are shown as stale. */
  readonly revision: number;
}

/** Height, width, channels of one image. */
export type ImageShape = readonly [height: number, width: number, channels: number];

/** The valid range of every input coordinate. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

// ---------------------------------------------------------------------------------------------
// Network: what a method sees of a trained model

export type Need = 'logits' | 'gradient' | 'layers' | 'propagation' | 'weights';

interface NetworkFacts {
  readonly inputShape: ImageShape;
  readonly classes: number;
}

/** A black box. */
export interface LogitsNetwork extends NetworkFacts {
  /** Logits [n, classes] of images [n, height, width, channels], in evaluation mode. */
  logits(images: Tensor4D): Tensor2D;
  /** Where the network begins with a dense layer: copies of an image that differ in few pixels may share its product. */
  readonly denseStem?: DenseStem | undefined;
}

/**
 * The dense layer that a network begins with, without its activation: affine in the image, and one of the large products
 * of a small network.
 *
 * logits(x) is logitsOf(outputs(x)) to rounding.
 */
export interface DenseStem {
  /** The layer's outputs [n, units] of images. */
  outputs(images: Tensor4D): Tensor2D;
  /** For sets of pixels, each a list of row-major indices below height * width; all channels of a pixel belong to it. */
  parts(sets: readonly ArrayLike<number>[]): DenseParts;
  /** Logits [n, classes] of outputs. */
  logitsOf(outputs: Tensor2D): Tensor2D;
}

/** What sets of pixels add to a dense layer's outputs; whoever asked for it disposes it. */
export interface DenseParts {
  /**
   * What the pixels of each set by themselves add to the outputs of each image: [sets, n, units], the bias left out.
   * An empty set adds zeros; over the sets of a partition they add up to the outputs of the image less those of an image
   * of zeros.
   */
  of(images: Tensor4D): Tensor3D;
  dispose(): void;
}

/**
 * A number to differentiate, from the logits [n, classes] of a batch.
 *
 * Returns [n], one value an image (or their sum). Entry i must depend on row i alone, so that the
 * gradient of the sum with respect to the batch holds each image's own gradient.
 */
export type Objective = (logits: Tensor2D) => Tensor;

export interface GradientNetwork extends LogitsNetwork {
  /** d objective / d images, same shape as images; no weight gradient is computed. */
  inputGradient(images: Tensor4D, objective: Objective): Tensor4D;
  /**
   * Outputs [n, ...] of the affine function that the network begins with: flattening, and a first dense layer or
   * convolution without its activation. The images themselves where there is none.
   *
   * inputGradient(x, o) is stemTransposed(stemGradient(stem(x), o)) to rounding. A weighted sum of gradients needs the
   * transpose once; on the line from a to b the outputs are stem(a) + t (stem(b) - stem(a)).
   */
  stem(images: Tensor4D): Tensor;
  /** d objective / d outputs of the stem, same shape as the outputs. */
  stemGradient(outputs: Tensor, objective: Objective): Tensor;
  /** Gradients with respect to the stem's outputs, or weighted sums of them, taken back to the images. */
  stemTransposed(gradients: Tensor): Tensor4D;
}

/** One node of a network's layer graph, in topological order. A layer used twice gives two nodes. */
export interface GraphNode {
  /** Unique in the graph: the layer's name, then `#1`, `#2` for later uses of the same layer. */
  readonly name: string;
  /** The tf.layers class name: Dense, Conv2D, Activation, ... 'InputLayer' for the input. */
  readonly type: string;
  /** Names of the nodes that it reads. */
  readonly inputs: readonly string[];
  /** The layer's own configuration (strides, padding, activation, ...). */
  readonly config: Parameters;
  /** The layer's weights, by short name (kernel, bias, gamma, beta, movingMean, movingVariance). */
  readonly weights: { readonly [name: string]: Tensor };
  /** Output shape without the batch dimension. */
  readonly outputShape: readonly number[];
  /** The node's forward function, for rules that need autodiff of a modified layer. */
  apply(inputs: readonly Tensor[]): Tensor;
}

export interface LayersNetwork extends GradientNetwork {
  readonly graph: readonly GraphNode[];
  /** Outputs of the named nodes, [n, ...] each, in the order asked. */
  activations(images: Tensor4D, nodes: readonly string[]): Tensor[];
  /** Gradients of the objective with respect to the named nodes' outputs, in the order asked. */
  activationGradients(images: Tensor4D, nodes: readonly string[], objective: Objective): Tensor[];
  /** Both by one pass forward and one back. */
  activationsAndGradients(
    images: Tensor4D,
    nodes: readonly string[],
    objective: Objective,
  ): { activations: Tensor[]; gradients: Tensor[] };
}

/**
 * A backward rule for one node: relevance of its output -> relevance of each of its inputs.
 *
 * Rules are data: a map from layer type (or node name) to such a function, passed per call; the
 * network is never changed. Composites (LRP epsilon-plus-flat and kin) are functions node -> rule.
 */
export type PropagationRule = (step: {
  readonly node: GraphNode;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly relevance: Tensor;
}) => Tensor[];

export interface PropagationNetwork extends LayersNetwork {
  /**
   * The graph in evaluation mode, every batch normalisation that alone reads a dense layer or convolution taken into it:
   * one node with the normalisation's name, the layer's type and config, and kernel and bias of the two.
   */
  readonly foldedGraph: readonly GraphNode[];
  /**
   * Walks the folded graph backward from `seed(logits)` [n, classes] and returns what reaches the images.
   *
   * `ruleFor` chooses a rule a node; undefined means that the node has none, and the walk throws
   * NotApplicable with one sentence naming it. Relevance of a node read by several others is added.
   *
   * The same `ruleFor`, given again, may be run from a recording: what its rules do should follow from the node and the
   * tensors of its step alone.
   */
  propagate(
    images: Tensor4D,
    seed: (logits: Tensor2D) => Tensor2D,
    ruleFor: (node: GraphNode) => PropagationRule | undefined,
  ): Tensor4D;
}

export interface WeightsNetwork extends LogitsNetwork {
  /** All weights by name, as tensors that the network owns: never dispose them. */
  readonly weights: { readonly [name: string]: Tensor };
}

export interface NetworkOf {
  readonly logits: LogitsNetwork;
  readonly gradient: GradientNetwork;
  readonly layers: LayersNetwork;
  readonly propagation: PropagationNetwork;
  readonly weights: WeightsNetwork;
}

type Intersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never;

/** The network type that a list of needs grants: undeclared use does not compile. */
export type Network<N extends Need> = Intersection<NetworkOf[N]>;

// ---------------------------------------------------------------------------------------------
// Method

/** How a map orders the coordinates: by |value| or by the signed value. */
export type Rank = 'magnitude' | 'value';

/** Who stands in the ranking: methods compete; controls know nothing; the oracle knows the answer. */
export type Role = 'method' | 'control' | 'oracle';

/** Properties that a method claims for all networks; conformance tests each claim. */
export type Axiom =
  | 'completeness'
  | 'sensitivity'
  | 'linearity'
  | 'symmetry'
  | 'implementation-invariance'
  | 'dummy'
  | 'conservation-without-bias'
  | 'input-shift-invariance';

/** The kinds of methods, by what they look at; the documentation has a page for each. */
export type Family = 'gradient' | 'propagation' | 'activation' | 'black-box' | 'control';

/** What is known to go wrong with a method. */
export interface Failure {
  /** Whole sentences. */
  readonly text: string;
  /** Who says so: a publication, or where in this project it is measured or proved. */
  readonly cite: string;
  /** The axiom that fails: conformance then demands a counterexample. */
  readonly axiom?: Axiom;
}

/** What readers are told of a method beside its declarations, in plain text; no map depends on it. */
export interface MethodAbout<P extends Parameters = Parameters> {
  readonly family: Family;
  /** One line, or one a case. */
  readonly formula: string;
  /** The map's shape, unit and sign. */
  readonly map: string;
  /** What the symbols stand for, and which choice was made where sources differ. */
  readonly text?: string;
  /** What each parameter means; none may be left out. */
  readonly parameters?: { readonly [name in keyof P]: string };
  readonly failures: readonly Failure[];
}

/** What a method wants beside network, images and classes. */
export interface Requirements {
  /** Training images given as `reference`: how many, drawn from the training split by the data set's order. */
  readonly reference?: number;
  /** True: the signal masks are given as `truth` (for oracles only). */
  readonly truth?: true;
  /** Other trained networks, by the name under which `auxiliary` holds them. */
  readonly auxiliary?: { readonly [name: string]: AuxiliaryReference };
}

/** Another model trained on the same data set, with the same training index. */
export interface AuxiliaryReference {
  readonly model: string;
  readonly training: string;
}

type Granted<R extends Requirements, Key extends keyof Requirements, T> = R extends { readonly [K in Key]: infer V }
  ? V extends undefined
    ? undefined
    : T
  : undefined;

export interface AttributionRequest<N extends Need, P extends Parameters, R extends Requirements> {
  readonly network: Network<N>;
  /** [n, height, width, channels], owned by the harness. */
  readonly images: Tensor4D;
  /** [n] int32: the class to explain, by default the predicted one. */
  readonly classes: Tensor1D;
  /** One random stream an image, derived from the image's index in its split. */
  readonly streams: readonly Stream[];
  readonly bounds: Bounds;
  readonly parameters: P;
  /** [m, height, width, channels] training images; only where `requires.reference` is declared. */
  readonly reference: Granted<R, 'reference', Tensor4D>;
  /** [n, height, width, 1] signal masks of 0 and 1; only where `requires.truth` is declared. */
  readonly truth: Granted<R, 'truth', Tensor4D>;
  /** The networks of `requires.auxiliary`, with the capabilities 'weights' and 'gradient'. */
  readonly auxiliary: R extends { readonly auxiliary: infer A }
    ? { readonly [Name in keyof A]: Network<'weights' | 'gradient'> }
    : undefined;
  /** Aborted on interrupt: long loops call `signal.throwIfAborted()`. */
  readonly signal: AbortSignal;
  /** Share done of this batch, 0 to 1. */
  progress(share: number): void;
}

/** An attribution method: (network, images, classes) -> one map an image. */
export interface Method<N extends Need = Need, P extends Parameters = Parameters, R extends Requirements = Requirements>
  extends Described {
  readonly kind: 'method';
  readonly role: Role;
  readonly needs: readonly N[];
  readonly requires: R;
  readonly parameters: P;
  readonly rank: Rank;
  readonly axioms: readonly Axiom[];
  readonly about?: MethodAbout<P>;
  /**
   * The maps of a batch: [n, height, width, channels], or [n, height, width, 1] to be broadcast.
   * The harness owns and disposes the result. May throw NotApplicable with a reason.
   */
  attribute(request: AttributionRequest<N, P, R>): Tensor4D | Promise<Tensor4D>;
}

// ---------------------------------------------------------------------------------------------
// Data set

/** Images in memory, [n, height, width, channels] in row-major order; a Uint8Array means value / 255. */
export type ArrayImages = Float32Array | Uint8Array;

/** Images that stay on disk and are read when asked for. */
export interface ImageReader {
  /** The chosen images [m, height, width, channels], in the order asked. Errors: RangeError naming an index that is none. */
  gather(indices: ArrayLike<number>): ArrayImages;
}

export type Images = ArrayImages | ImageReader;

/** What `load` may give where the images do not fit in memory: they are stored as they are made. */
export interface ImageStream {
  /** Whole images as bytes, any number a block, all in the order of the split's labels. */
  blocks(): AsyncIterable<Uint8Array>;
}

/** One split of n images, in memory unless it says otherwise. */
export interface Split<I = ArrayImages> {
  readonly images: I;
  /** [n] class indices. */
  readonly labels: Int32Array;
  /** 0/1 masks [n, height, width]: where the signal is, and where nothing is. Absent where unknown. */
  readonly masks?: { readonly signal: Uint8Array; readonly null: Uint8Array };
}

export interface DatasetContent<I = ArrayImages> {
  readonly shape: ImageShape;
  /** Class names, in the order of the label indices. */
  readonly classes: readonly string[];
  readonly bounds: Bounds;
  readonly splits: { readonly train: Split<I>; readonly validation: Split<I>; readonly test: Split<I> };
}

export type SplitName = keyof DatasetContent['splits'];

/** A plugin by id with some of its parameters set; the rest are its defaults. */
export interface PluginChoice {
  readonly id: string;
  readonly parameters?: Parameters;
}

/** A data set; `I` is how its `load` gives the images. */
export interface Dataset<P extends Parameters = Parameters, I = ArrayImages> extends Described {
  readonly kind: 'dataset';
  readonly parameters: P;
  /** Files that the user brings or `attribench data fetch` downloads; absent or empty where none is needed. */
  readonly files?: readonly DatasetFile[];
  /** Data sets that this one is made from; their contents arrive in `load` in the same order. */
  sources(parameters: P): readonly PluginChoice[];
  load(request: DatasetRequest<P>): DatasetContent<I> | Promise<DatasetContent<I>>;
}

/** A file of a data set, as published. */
export interface DatasetFile {
  /** Name inside the data set's folder. */
  readonly name: string;
  readonly bytes: number;
  /** Hexadecimal SHA-256. */
  readonly sha256: string;
  readonly url: string;
  /** The same content as an operating system's package installs it, packed otherwise; as good as the published file. */
  readonly packaged?: PackagedFile;
}

/** A data set's file as part of an operating system's package. */
export interface PackagedFile {
  /** Name of the package. */
  readonly package: string;
  /** Where the package puts the file, absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal SHA-256. */
  readonly sha256: string;
}

export interface DatasetRequest<P extends Parameters> {
  readonly parameters: P;
  readonly sources: readonly DatasetContent[];
  /** stream data(data set, parameters): the only randomness of a data set. */
  readonly stream: Stream;
  /** Where files that the user brought or fetched lie: <data folder>/<dataset id>. */
  readonly folder: string;
  readonly signal: AbortSignal;
  progress(share: number): void;
}

// ---------------------------------------------------------------------------------------------
// Model and training

/** Named immutable arrays; `hash` is the SHA-256 of names, shapes and bytes. */
export interface Weights {
  readonly entries: readonly WeightEntry[];
  readonly hash: string;
}

export interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** An own function from images to logits: offers 'logits' and 'gradient' only. */
export interface FunctionModel {
  logits(images: Tensor4D): Tensor2D;
  dispose(): void;
}

export interface ArchitectureRequest<P extends Parameters> {
  readonly inputShape: ImageShape;
  readonly classes: number;
  readonly parameters: P;
  /**
   * Decides widths that follow from the input, where it differs from `inputShape`: a network that gets a mask
   * beside the image has twice the channels, and must not be a wider network for it.
   */
  readonly widthShape?: ImageShape;
}

export type InitialisationScheme =
  | 'torch-linear'
  | 'small'
  | 'torchvision-resnet'
  | 'torchvision-vgg'
  | 'torchvision-densenet'
  | 'torchvision-inception';

export interface Model<P extends Parameters = Parameters> extends Described {
  readonly kind: 'model';
  readonly parameters: P;
  /** How initial weights are drawn; see harness/training/initialisation.ts. */
  readonly initialisation: InitialisationScheme;
  /**
   * The architecture, ending in logits (no softmax). Layers carry explicit names and zero
   * initialisers: weights always come from the harness. Activations are layers of their own.
   */
  build(request: ArchitectureRequest<P>): LayersModel | FunctionModel;
}

export type TrainingStatus = 'converged' | 'finished' | 'diverged' | 'stuck' | 'given';

/** One line of a training's log. */
export interface EpochLog {
  readonly epoch: number;
  readonly learningRate: number;
  /** Mean cross-entropy over the epoch's training batches, as seen by the optimiser (adversarial where so trained). */
  readonly loss: number;
  readonly accuracy: number;
}

export interface TrainedNetwork {
  readonly initial: Weights | null;
  readonly final: Weights;
  readonly log: readonly EpochLog[];
  /**
   * converged: stopped by its criterion; finished: all epochs done; diverged: a loss was not finite;
   * stuck: the loss never left ln(classes); given: the user's own weights.
   */
  readonly status: TrainingStatus;
  /** Final figures: clean and robust test accuracy and what the training wants to keep. */
  readonly figures: { readonly [name: string]: number };
}

export interface TrainingRequest<P extends Parameters> {
  readonly data: DatasetContent<Images>;
  readonly model: Model;
  readonly modelParameters: Parameters;
  readonly parameters: P;
  /** stream training(run, dataset, model, t): the same for standard and robust training. */
  readonly stream: Stream;
  readonly signal: AbortSignal;
  progress(share: number, note?: string): void;
}

export interface Training<P extends Parameters = Parameters> extends Described {
  readonly kind: 'training';
  readonly parameters: P;
  /** True where weights are the user's own: one replicate, no interval over seeds. */
  readonly given: boolean;
  /**
   * Forward and backward passes over each training image, at most: an attack's step is 2/3 of one, as it
   * needs no gradient of the weights. For estimates alone.
   */
  passes?(parameters: P): number;
  train(request: TrainingRequest<P>): Promise<TrainedNetwork>;
}

// ---------------------------------------------------------------------------------------------
// Steps

/** Where a plugin is imported from: travels between processes. */
export interface PluginReference {
  readonly kind: PluginKind;
  readonly id: string;
  readonly revision: number;
  /** Module URL (file:) or package specifier; machine-specific, so not part of a key. */
  readonly module: string;
  /** Name of the module's export that is the plugin. */
  readonly export: string;
  /** SHA-256 of the plugin's code with its local imports. */
  readonly code: string;
}

export type StepKind = 'dataset' | 'training' | 'attribution' | 'retraining' | 'stacked-retraining' | 'evaluation';

/** Where a step's artifact lies in the store. */
export interface StepAddress {
  readonly kind: StepKind;
  readonly key: string;
  /** Which network of a stacked retraining is meant, from 0; absent for all other kinds. */
  readonly place?: number;
}

/** A pure function of named inputs and a stream, as data; run by one function in any process. */
export interface Step {
  readonly kind: StepKind;
  /** Plugins by role ('dataset', 'model', 'training', 'method', 'check'). */
  readonly plugins: { readonly [role: string]: PluginReference };
  /** All parameters resolved, by role, and the step's own under 'step'. */
  readonly parameters: { readonly [role: string]: Parameters };
  /** Where the artifacts read lie in the store, by name. */
  readonly inputs: { readonly [name: string]: StepAddress };
  /** The names from which the random stream is derived. */
  readonly stream: readonly Json[];
  /** null for steps that use no engine. */
  readonly engine: EngineIdentity | null;
  /** SHA-256 of all the above less module URLs. */
  readonly key: string;
  /** A few words for progress and errors: 'train mlp--standard on blockmnist, training 2'. */
  readonly label: string;
  /** Rough seconds on one core, for ordering and estimates; not part of the key. */
  readonly cost: number;
}

export interface EngineIdentity {
  readonly name: string;
  readonly version: string;
}

/** How a step ended. A step that throws leaves nothing in the store. */
export type StepOutcome =
  | { readonly status: 'completed' }
  /** The method or check does not apply: the reason. */
  | { readonly status: 'skipped'; readonly reason: string }
  /** The training behind it diverged or never learned: the reason; counted in view, never averaged. */
  | { readonly status: 'excluded'; readonly reason: string };

/** What a check reads of a finished evaluation step. */
export type EvaluationOutput = StepOutcome & { readonly value?: Json };

// ---------------------------------------------------------------------------------------------
// Check

/** One (check, dataset, model, training, method) with all settings resolved. */
export interface Cell {
  readonly check: ResolvedPlugin;
  readonly dataset: ResolvedPlugin;
  readonly model: ResolvedPlugin;
  readonly training: ResolvedPlugin;
  /** null for checks of the model alone. */
  readonly method: ResolvedPlugin | null;
}

export interface ResolvedPlugin {
  readonly id: string;
  readonly revision: number;
  readonly parameters: Parameters;
}

/** Which maps of a method are asked for; what is left out: final weights, the cell's data set, test, predicted. */
export interface MapsChoice {
  readonly weights?: 'final' | 'initial';
  readonly dataset?: PluginChoice;
  readonly split?: 'train' | 'test';
  /** The classes explained: the predicted ones, or one drawn at random for each image, the same for all methods. */
  readonly classes?: 'predicted' | 'drawn';
}

/** What a check may ask the plan for. Asking twice for the same gives the same step. */
export interface CellPlan {
  readonly cell: Cell;
  /** The method's; null for checks of the model alone. */
  readonly role: Role | null;
  /** Training indices of this run: 0 .. n-1. */
  readonly trainings: readonly number[];
  /** The cell's data set, or another one. */
  dataset(choice?: PluginChoice): Step;
  /** The cell's model trained the cell's way, training t. */
  weights(t: number): Step;
  /** The cell's method's maps. */
  maps(t: number, options?: MapsChoice): Step;
  /**
   * The cell's model trained from scratch on images masked by the cell's method's maps of training t.
   * All methods, attribution trainings, levels and sides share initial weights and order of batches.
   */
  retrain(t: number, choice: RetrainingChoice): Step;
  /**
   * A function of the check (`evaluations[name]`), run in a pool process.
   * `training: t` makes its stream ties(run, dataset, t): the same for all methods and checks.
   */
  evaluate(
    name: string,
    inputs: { readonly [name: string]: Step },
    options?: { parameters?: Parameters; training?: number; cost?: number },
  ): Step;
}

/** What a network retrained on masked images sees: (x m), (x m, m), or (0, m), the last two with twice the channels. */
export type RetrainingInput = 'image' | 'image+mask' | 'mask';

export type { Ranking, Removal, Side };

/** Which coordinates are kept of an image, and what stands for the others. */
export interface Masking {
  /** Share of the height x width x channels coordinates that is kept, 0 to 1. */
  readonly level: number;
  /** Whether the most or the least attributed coordinates are kept. */
  readonly side: Side;
  readonly ranking: Ranking;
  readonly removal: Removal;
  readonly input: RetrainingInput;
}

/** A retraining asked of a plan; what is left out: each image's own map, zeros, the image alone, the defaults. */
export interface RetrainingChoice
  extends Pick<Masking, 'level' | 'side'>,
    Partial<Pick<Masking, 'ranking' | 'removal' | 'input'>> {
  /** Retraining index: 0 .. m-1. At level 1 'top' and 'bottom' draw different random numbers. */
  readonly retraining: number;
  /** Settings of the descent that differ from the retraining's defaults. */
  readonly settings?: Parameters;
}

/** An input of an evaluation, opened from the store. */
export interface EvaluationInputs {
  dataset(name: string): Promise<DatasetContent<Images>>;
  /** A network with every capability that the model offers, on the step's engine. */
  network(name: string, weights?: 'final' | 'initial'): Promise<Network<'gradient' | 'weights'>>;
  /** Everything that the training kept, without a network. */
  training(name: string): Promise<TrainedNetwork>;
  maps(name: string): Promise<AttributionMaps>;
  /** Of a retraining: the predicted class [n] of each masked test image. */
  predictions(name: string): Promise<Int32Array>;
  /** What another evaluation of the check returned. */
  value(name: string): Promise<Json>;
}

/** The maps of one method on a split, in the order of the split. */
export interface AttributionMaps {
  readonly shape: ImageShape;
  readonly rank: Rank;
  /** [n, height, width, channels], channels already broadcast. */
  readonly values: Float32Array;
  /** [n] explained classes: the model's predictions, unless others were asked for. */
  readonly classes: Int32Array;
}

export interface EvaluationContext {
  /** The check's resolved parameters. */
  readonly check: Parameters;
  /** What `plan.evaluate` was given as `parameters`. */
  readonly parameters: Parameters;
  /** Stream of ties: derive one an image by `stream.derive(image)`. */
  readonly stream: Stream;
  readonly signal: AbortSignal;
  progress(share: number): void;
}

export type Evaluation = (inputs: EvaluationInputs, context: EvaluationContext) => Promise<Json>;

export interface Check<P extends Parameters = Parameters> extends Described {
  readonly kind: 'check';
  /** 'method': one cell a method; 'model': one cell a trained model. */
  readonly subject: 'method' | 'model';
  readonly parameters: P;
  /** The criterion in one sentence, stated before measuring: what passes and why. */
  readonly criterion: string;
  /** The id of the primary measure. */
  readonly primary: string;
  /** Ids of the measures that tables show beside the primary one; absent: the first few of a record. */
  readonly columns?: readonly string[];
  /** Measures at several levels, which the leaderboard draws as curves; absent: none. */
  readonly curves?: Curves;
  readonly evaluations: { readonly [name: string]: Evaluation };
  /** One step a training, in the order of plan.trainings; steps that cannot apply throw NotApplicable. */
  steps(plan: CellPlan): readonly Step[];
  /** Outputs in the order of `steps`. */
  judge(outputs: readonly EvaluationOutput[], cell: Cell): Judgement;
}

/** Which measures of a check lie along a level, and how to draw them: one row of panels each, one panel a training. */
export interface Curves {
  /** What the level is and its unit, under the axis: `unmasked, %`. */
  readonly level: string;
  readonly panels: readonly CurvePanel[];
}

export interface CurvePanel {
  /** What the lines show, in a few words. */
  readonly title: string;
  /** One to three lines a method: solid, dashed, dotted. */
  readonly lines: readonly CurveLine[];
  /** A measure without levels, drawn straight across. */
  readonly reference?: { readonly name: string; readonly measure: string };
}

export interface CurveLine {
  /** Tells a panel's lines apart: `top`, `bottom`. */
  readonly name: string;
  /** The measures' id with `*` where the level stands as a number: `top-*`. */
  readonly measures: string;
}

export interface Judgement {
  readonly measures: readonly Measure[];
  readonly verdict: Verdict;
  /** Remarks that a reader of the number must see, whole sentences. */
  readonly notes: readonly string[];
}

// ---------------------------------------------------------------------------------------------
// Record

export type Verdict = 'pass' | 'fail' | 'undecided';

/** A number with n, an interval, a unit and its replicates. */
export interface Measure {
  readonly id: string;
  readonly unit: 'share' | 'accuracy' | 'ratio' | 'correlation' | 'count' | 'logit';
  readonly better: 'lower' | 'higher' | 'none';
  /** What a map that knows nothing scores; null where there is no such value. */
  readonly chance: number | null;
  /** What a perfect map scores; null where there is no such value. */
  readonly ideal: number | null;
  readonly primary: boolean;
  /** null when no valid replicate exists. */
  readonly estimate: number | null;
  /** null with fewer than 3 valid replicates. */
  readonly interval: readonly [low: number, high: number] | null;
  readonly intervalMethod: string;
  readonly n: { readonly models: number; readonly retrainings: number; readonly images: number };
  readonly replicates: readonly Replicate[];
}

export interface Replicate {
  readonly training: number;
  readonly retraining: number | null;
  /** null for an excluded training. */
  readonly value: number | null;
}

/** Everything that determines the numbers of a cell; seeds are replicates, not identity. */
export interface RecordIdentity extends Cell {
  /**
   * Revisions of all that the cell rests on beside its own plugins, by what they are: `step training`,
   * `dataset mnist` (a source), `model linear` and kin (what a method requires). Empty for a skipped cell.
   */
  readonly revisions: { readonly [part: string]: number };
  readonly engine: EngineIdentity;
  readonly seed: number;
  readonly trainings: number;
}

interface RecordBase {
  readonly schema: 1;
  /** SHA-256 of the identity. */
  readonly key: string;
  readonly identity: RecordIdentity;
}

export type CellRecord =
  | (RecordBase & {
      readonly status: 'completed';
      readonly role: Role | null;
      readonly criterion: string;
      readonly verdict: Verdict;
      readonly measures: readonly Measure[];
      /** Trainings left out by rule, with the reason. */
      readonly excluded: readonly { readonly training: number; readonly reason: string }[];
      readonly notes: readonly string[];
    })
  | (RecordBase & { readonly status: 'skipped'; readonly role: Role | null; readonly reason: string })
  | (RecordBase & {
      readonly status: 'failed';
      readonly role: Role | null;
      readonly step: string;
      readonly error: string;
    });

/** The companion of a record: provenance, never compared. */
export interface RunInformation {
  readonly schema: 1;
  readonly key: string;
  readonly finished: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly platform: string;
  };
  readonly versions: { readonly [name: string]: string };
  readonly git: string | null;
  /** Seconds that the cell's steps took when they were computed, by step kind. */
  readonly seconds: { readonly [kind: string]: number };
}

// ---------------------------------------------------------------------------------------------
// Profile

/** A named choice of settings. */
export interface Profile extends Described {
  readonly kind: 'profile';
  readonly seed: number;
  /** Number of trainings of every (model, training). */
  readonly trainings: number;
  /** Ids of this package's methods that it runs; absent: all. A project's own methods always run. */
  readonly methods?: readonly string[];
  readonly suites: readonly Suite[];
  /** Plugins by id with parameters that differ from the plugin's defaults, for every suite. */
  readonly parameters?: { readonly [id: string]: Parameters };
}

/** A block of cells: the product of its lists. */
export interface Suite {
  readonly dataset: PluginChoice;
  readonly models: readonly PluginChoice[];
  readonly trainings: readonly PluginChoice[];
  /** Number of trainings of every (model, training) here; absent: the profile's. */
  readonly repeats?: number;
  readonly checks: readonly SuiteCheck[];
}

export interface SuiteCheck extends PluginChoice {
  /** The methods judged, by id or with parameters of their own; absent: the profile's, and the project's own. */
  readonly methods?: readonly (string | PluginChoice)[];
}
