// Written by scripts/method-options.mjs from the tables of the methods' options.

import type { Schedule, ScheduleFunction } from '../schedules/index.js';

/** Options that many methods have alike. */
export interface SharedOptions {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 10: benchmark of Dagreou et al. 2022
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Whether v goes on from iteration to iteration instead of starting anew.
   * @defaultValue true
   */
  readonly warmStart?: boolean | undefined;

  /**
   * Optimizer of u.
   * @defaultValue 'sgd'
   */
  readonly upperOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Optimizer of v.
   * @defaultValue 'sgd'
   */
  readonly lowerOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.1
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.1
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Factor of past gradients in momentum; Adam's beta 1. A finite number >= 0 and < 1.
   * @defaultValue 0.9
   */
  readonly momentum?: number | undefined;

  /**
   * Adam's beta 2. A finite number >= 0 and < 1.
   * @defaultValue 0.999
   */
  readonly secondMoment?: number | undefined;

  /**
   * What Adam adds to the root of its second moment. A finite number > 0.
   * @defaultValue 1e-8
   */
  readonly stabilizer?: number | undefined;

  /**
   * Part of a variable that a step of AdamW takes away, times the learning rate. A finite number >= 0.
   * @defaultValue 0.01: torch.optim.AdamW
   */
  readonly weightDecay?: number | undefined;

  /**
   * Length that the direction of a step of u, over all of its variables, is shortened to where it is longer; 0 for any.
   * A finite number >= 0.
   * @defaultValue 0
   */
  readonly upperClipNorm?: number | undefined;

  /**
   * Size that the elements of the direction of a step of u are cut at, before its length is; 0 for any. A finite number
   * >= 0.
   * @defaultValue 0
   */
  readonly upperClipValue?: number | undefined;

  /**
   * Factors of the learning rate of u by names of variables, in which * stands for any text; 1 for the others. An
   * object of numbers >= 0 by names of variables.
   * @defaultValue {}
   */
  readonly upperRateFactors?: Readonly<Record<string, number>> | undefined;

  /**
   * Length that the direction of a step of v, over all of its variables, is shortened to where it is longer; 0 for any.
   * A finite number >= 0.
   * @defaultValue 0
   */
  readonly lowerClipNorm?: number | undefined;

  /**
   * Size that the elements of the direction of a step of v are cut at, before its length is; 0 for any. A finite number
   * >= 0.
   * @defaultValue 0
   */
  readonly lowerClipValue?: number | undefined;

  /**
   * Factors of the learning rate of v by names of variables, in which * stands for any text; 1 for the others. An
   * object of numbers >= 0 by names of variables.
   * @defaultValue {}
   */
  readonly lowerRateFactors?: Readonly<Record<string, number>> | undefined;

  /**
   * Whether the rates of v, and of what is solved beside it, stay below 1 over the largest curvature of g, which is
   * measured where the run starts; by default where none of them and no optimizer of v is given.
   * @defaultValue true
   */
  readonly limitRates?: boolean | undefined;

  /**
   * For upper variables with a row per sample: one set of optimizer slots shared by all batches, or a row per sample.
   * @defaultValue 'batch'
   */
  readonly slots?: 'batch' | 'sample' | undefined;

  /**
   * Learning rate of the copy of v beside it, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.01
   */
  readonly innerLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Step eta of the Neumann series, at most 1 over the largest curvature of g. A finite number > 0.
   * @defaultValue 0.1: benchmark of Dagreou et al. 2022
   */
  readonly neumannRate?: number | undefined;

  /**
   * Terms of the Neumann series, of which one is drawn (Q). An integer >= 1 and <= 100000.
   * @defaultValue 10: benchmark of Dagreou et al. 2022
   */
  readonly neumannTerms?: number | undefined;

  /**
   * Factors I - eta grad_vv g of the longest term of the Neumann series (Q). An integer >= 1 and <= 100000.
   * @defaultValue 10: benchmark of Dagreou et al. 2022
   */
  readonly neumannFactors?: number | undefined;
}

/** Options of AID-CG. */
export interface AidCgOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 20: experiments of Sow, Ji and Liang 2022
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Steps on the linear system for one step of u (Q). An integer >= 1 and <= 1000000.
   * @defaultValue 20: experiments of Sow, Ji and Liang 2022
   */
  readonly linearSteps?: number | undefined;

  /**
   * Coefficient of the identity that is added to grad_vv g in the linear system. A finite number >= 0.
   * @defaultValue 0
   */
  readonly tikhonov?: number | undefined;
}

/** Options of AID-FP. */
export interface AidFpOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 20: experiments of Sow, Ji and Liang 2022
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Steps on the linear system for one step of u (Q). An integer >= 1 and <= 1000000.
   * @defaultValue 20: experiments of Sow, Ji and Liang 2022
   */
  readonly linearSteps?: number | undefined;
}

/** Options of AmIGO. */
export interface AmigoOptions
  extends Pick<
    SharedOptions,
    | 'lowerSteps'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Steps on the linear system for one step of u (Q). An integer >= 1 and <= 1000000.
   * @defaultValue 10: benchmark of Dagreou et al. 2022
   */
  readonly linearSteps?: number | undefined;

  /**
   * Learning rate of z, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.1: benchmark of Dagreou et al. 2022
   */
  readonly linearLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of ANIL. */
export interface AnilOptions
  extends Pick<
    SharedOptions,
    | 'lowerOptimizer'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 5: few-shot experiments of Ji, Yang and Liang 2021
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Whether the steps are taken not to change the derivative: u moves along that of f where they end, without products.
   * @defaultValue false: Finn, Abbeel and Levine 2017, section 5.2
   */
  readonly firstOrder?: boolean | undefined;

  /**
   * Optimizer of u.
   * @defaultValue 'adam'
   */
  readonly upperOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.002
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of ApproxGrad. */
export interface ApproxGradOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 20: Mehra and Hamm 2021, supplement B
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Steps on the linear system for one step of u (Q). An integer >= 1 and <= 1000000.
   * @defaultValue 20: Mehra and Hamm 2021, supplement B
   */
  readonly linearSteps?: number | undefined;

  /**
   * What steps on the linear system: an optimizer on its least squares, or conjugate gradients.
   * @defaultValue 'adam': Mehra and Hamm 2021, supplement B
   */
  readonly linearSolver?: 'sgd' | 'momentum' | 'adam' | 'adamw' | 'cg' | undefined;

  /**
   * Learning rate of z, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.0001: Mehra and Hamm 2021, supplement B
   */
  readonly linearLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Coefficient of the identity that is added to grad_vv g in the linear system. A finite number >= 0.
   * @defaultValue 0.001
   */
  readonly tikhonov?: number | undefined;

  /**
   * Optimizer of u.
   * @defaultValue 'adam'
   */
  readonly upperOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Optimizer of v.
   * @defaultValue 'adam'
   */
  readonly lowerOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.001
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.0001
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of BDA. */
export interface BdaOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 20
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Share of the upper cost in a lower step (alpha), from 0 to 1. A number >= 0 and <= 1 or a schedule that starts at
   * one.
   * @defaultValue powerLaw(0.5, 1)
   */
  readonly aggregation?: number | Schedule | ScheduleFunction | undefined;

  /**
   * What the share changes with: the lower steps of an iteration, from the first, or the iterations.
   * @defaultValue 'step'
   */
  readonly aggregationIndex?: 'step' | 'iteration' | undefined;

  /**
   * Step length along the upper cost's gradient in a lower step (s_u); the learning rate of v is s_l. A finite number >
   * 0.
   * @defaultValue 0.1
   */
  readonly upperScale?: number | undefined;
}

/** Options of BOME. */
export interface BomeOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'innerLearningRate'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 10: Ye, Liu, Wright, Stone and Liu 2022
   */
  readonly lowerSteps?: number | undefined;

  /**
   * The rate phi at which the gap q must fall: eta |grad q|^2 or eta q.
   * @defaultValue 'gradient': Ye, Liu, Wright, Stone and Liu 2022
   */
  readonly barrier?: 'gradient' | 'gap' | undefined;

  /**
   * Factor eta of the barrier. A finite number > 0.
   * @defaultValue 0.5: Ye, Liu, Wright, Stone and Liu 2022
   */
  readonly barrierFactor?: number | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.01
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.01
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of BSA. */
export interface BsaOptions
  extends Pick<
    SharedOptions,
    | 'lowerSteps'
    | 'neumannRate'
    | 'neumannTerms'
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5)
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5)
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of DARTS. */
export interface DartsOptions
  extends Pick<
    SharedOptions,
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Length of the difference: its points are this far from v. A finite number > 0.
   * @defaultValue 0.01: Liu, Simonyan and Yang 2019, Algorithm 1 and equations 7 and 8
   */
  readonly radius?: number | undefined;

  /**
   * Optimizer of u.
   * @defaultValue 'adam'
   */
  readonly upperOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.0003
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.025
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of F2BA. */
export interface F2baOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 10: Chen, Ma and Zhang 2023, and their code
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Between nu and 0, whose error falls like nu, or between nu and -nu, whose error falls like its square.
   * @defaultValue 'forward': Chen, Ma and Zhang 2023, and their code
   */
  readonly difference?: 'forward' | 'central' | undefined;

  /**
   * Weight nu of f beside g. A finite number > 0.
   * @defaultValue 0.1: Chen, Ma and Zhang 2023, and their code
   */
  readonly perturbation?: number | undefined;

  /**
   * Whether w starts at v in every iteration instead of going on.
   * @defaultValue false
   */
  readonly restart?: boolean | undefined;
}

/** Options of F2SA. */
export interface F2saOptions
  extends Pick<
    SharedOptions,
    | 'lowerSteps'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * First weight lambda of g. A finite number > 0.
   * @defaultValue 1: benchmark of Dagreou et al. 2022
   */
  readonly multiplier?: number | undefined;

  /**
   * What is added to lambda, by iteration. A number >= 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.14285714285714285): benchmark of Dagreou et al. 2022
   */
  readonly multiplierGrowth?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.01, 0.5714285714285714)
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.01, 0.7142857142857143)
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of the copy of v beside it, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.01, 0.5714285714285714)
   */
  readonly innerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of FMD. */
export interface FmdOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 20: Mehra and Hamm 2021, supplement B; Franceschi, Donini, Frasconi and Pontil 2017, Algorithm 2
   */
  readonly lowerSteps?: number | undefined;
}

/** Options of FSLA. */
export interface FslaOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Share of the new hypergradient estimate (e_k). A number >= 0 and <= 1 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5): benchmark of Dagreou et al. 2022
   */
  readonly momentumRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5)
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5)
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of G-PBGD. */
export interface GPbgdOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Weight gamma of the penalty, by iteration. A number >= 0 or a schedule that starts at one.
   * @defaultValue polynomial(0, 37, 5000, 1): Shen and Chen 2023
   */
  readonly gamma?: number | Schedule | ScheduleFunction | undefined;

  /**
   * The penalty: gamma |grad_v g|^2, or half of it as in the authors' code.
   * @defaultValue 'paper'
   */
  readonly variant?: 'paper' | 'authors' | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.3
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.5
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of alternating gradient descent. */
export interface GdOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 20: Mehra and Hamm 2021, supplement B
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Optimizer of u.
   * @defaultValue 'adam'
   */
  readonly upperOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Optimizer of v.
   * @defaultValue 'adam'
   */
  readonly lowerOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.001
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.0001
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of HOZOG. */
export interface HozogOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 10
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Directions in which u is perturbed (Q). An integer >= 1 and <= 10000.
   * @defaultValue 5: Gu et al. 2021 and their code
   */
  readonly directions?: number | undefined;

  /**
   * How directions are drawn: normal, on the unit sphere, on that of every variable, or each unit vector once.
   * @defaultValue 'sphere': Gu et al. 2021 and their code
   */
  readonly directionMode?: 'gaussian' | 'sphere' | 'unitPerTensor' | 'coordinates' | undefined;

  /**
   * How far u is moved along a direction (mu). A finite number > 0.
   * @defaultValue 0.01: Gu et al. 2021 and their code
   */
  readonly smoothing?: number | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.001
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of iMAML. */
export interface ImamlOptions
  extends Pick<
    SharedOptions,
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 16: Rajeswaran, Finn, Kakade and Levine 2019, Algorithms 1 and 2
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Steps on the linear system for one step of u (Q). An integer >= 1 and <= 1000000.
   * @defaultValue 5: Rajeswaran, Finn, Kakade and Levine 2019, Algorithms 1 and 2
   */
  readonly linearSteps?: number | undefined;

  /**
   * Weight of the squared distance from the start in the lower cost (lambda). A finite number > 0.
   * @defaultValue 1: Rajeswaran, Finn, Kakade and Levine 2019, Algorithms 1 and 2
   */
  readonly proximity?: number | undefined;

  /**
   * Where the system has negative curvature: refuse it, which ends the run, or stop the linear steps there and go on
   * with the solution so far.
   * @defaultValue 'refuse'
   */
  readonly negativeCurvature?: 'refuse' | 'stop' | undefined;

  /**
   * Optimizer of u.
   * @defaultValue 'adam'
   */
  readonly upperOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.01
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.01
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of ITD. */
export interface ItdOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 20: experiments of Sow, Ji and Liang 2022
   */
  readonly lowerSteps?: number | undefined;
}

/** Options of MA-SOBA. */
export interface MaSobaOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Share of the new direction in the moving average, by iteration. A number > 0 and <= 1 or a schedule that starts at
   * one.
   * @defaultValue 0.1
   */
  readonly averaging?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5)
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5)
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of MAML. */
export interface MamlOptions
  extends Pick<
    SharedOptions,
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 1: few-shot experiments of Ji, Yang and Liang 2021
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Whether the steps are taken not to change the derivative: u moves along that of f where they end, without products.
   * @defaultValue false: Finn, Abbeel and Levine 2017, section 5.2
   */
  readonly firstOrder?: boolean | undefined;

  /**
   * Optimizer of u.
   * @defaultValue 'adam'
   */
  readonly upperOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.003
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.5
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of MEHA. */
export interface MehaOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'innerLearningRate'
    | 'slots'
  > {
  /**
   * Weight c of the gap against f, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(1, -0.25): Liu, Liu, Yao, Zeng and Zhang 2024
   */
  readonly penalty?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Weight 1 / gamma of the proximal term |theta - v|^2 / 2; more than the negative curvature of g. A finite number >
   * 0.
   * @defaultValue 0.2: Liu, Liu, Yao, Zeng and Zhang 2024
   */
  readonly proximity?: number | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.01
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of MRBO. */
export interface MrboOptions
  extends Pick<
    SharedOptions,
    | 'neumannRate'
    | 'neumannFactors'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Share of the new estimate of grad_v g (be_k). A number >= 0 and <= 1 or a schedule that starts at one.
   * @defaultValue powerLaw(0.5, 0.6666666666666666): benchmark of Dagreou et al. 2022
   */
  readonly lowerMomentumRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Share of the new hypergradient estimate (al_k). A number >= 0 and <= 1 or a schedule that starts at one.
   * @defaultValue powerLaw(0.5, 0.6666666666666666): benchmark of Dagreou et al. 2022
   */
  readonly upperMomentumRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.3333333333333333)
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.3333333333333333)
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of MSTSA. */
export interface MstsaOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Share of the new hypergradient estimate (e_k). A number >= 0 and <= 1 or a schedule that starts at one.
   * @defaultValue 0.5: code of Yang, Ji and Liang 2021
   */
  readonly momentumRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Step eta of the Neumann series, at most 1 over the largest curvature of g. A finite number > 0.
   * @defaultValue 0.5: code of Yang, Ji and Liang 2021
   */
  readonly neumannRate?: number | undefined;

  /**
   * Factors I - eta grad_vv g of the longest term of the Neumann series (Q). An integer >= 1 and <= 100000.
   * @defaultValue 3: code of Yang, Ji and Liang 2021
   */
  readonly neumannFactors?: number | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5)
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5)
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of the penalty method. */
export interface PenaltyOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
  > {
  /**
   * Defaults of all other options: those that adapt to the problem, those of the paper's Algorithm 2 and its
   * experiments, or those of its authors' code.
   * @defaultValue 'adaptive'
   */
  readonly variant?: 'adaptive' | 'paper' | 'authors' | undefined;

  /**
   * In what gamma, lambda and the rate of v are given: in units of the problem, measured after the warm-up, or as they
   * stand in the equations.
   * @defaultValue 'relative'
   */
  readonly units?: 'relative' | 'absolute' | undefined;

  /**
   * Steps of v along grad_v g alone before the first iteration, each on a new mini-batch; none without a warm start. An
   * integer >= 0 and <= 1000000.
   * @defaultValue 200
   */
  readonly warmUpSteps?: number | undefined;

  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 20: Mehra and Hamm 2021, supplement E.2
   */
  readonly lowerSteps?: number | undefined;

  /**
   * First weight of the penalty |grad_v g|^2 / 2. A finite number > 0.
   * @defaultValue 30
   */
  readonly gamma?: number | undefined;

  /**
   * Factor of gamma at each growth. A finite number >= 1.
   * @defaultValue 1.2
   */
  readonly gammaFactor?: number | undefined;

  /**
   * First tolerance of the convergence test. A finite number > 0.
   * @defaultValue 0.5
   */
  readonly epsilon?: number | undefined;

  /**
   * Factor of epsilon at each growth. A finite number > 0 and <= 1.
   * @defaultValue 1
   */
  readonly epsilonFactor?: number | undefined;

  /**
   * First weight of g itself in the steps of v, which keeps v from maxima and saddles of g; 0 turns it off. A finite
   * number >= 0.
   * @defaultValue 30
   */
  readonly lambda?: number | undefined;

  /**
   * Factor of lambda at each growth. A finite number >= 0.
   * @defaultValue 1.2
   */
  readonly lambdaFactor?: number | undefined;

  /**
   * Whether the multipliers nu of grad_v g = 0 are kept and updated.
   * @defaultValue false
   */
  readonly multipliers?: boolean | undefined;

  /**
   * First value of every multiplier. A finite number.
   * @defaultValue 0: Mehra and Hamm 2021, supplement E.2
   */
  readonly nu?: number | undefined;

  /**
   * Which gamma nu <- nu + gamma grad_v g takes at a growth: the one before it or the enlarged one.
   * @defaultValue 'old': Mehra and Hamm 2021, Algorithm 2
   */
  readonly multiplierGamma?: 'old' | 'new' | undefined;

  /**
   * relative: |grad_v f~2| <= epsilon |grad_v f|, before the step of u, which is shortened by their ratio where that is
   * above 1. norms: |grad_u|^2 + |grad_v|^2 <= epsilon^2 after it. squaredNorms: |grad_u|^4 + |grad_v|^4 < epsilon^2
   * after it.
   * @defaultValue 'relative'
   */
  readonly convergenceTest?: 'relative' | 'norms' | 'squaredNorms' | undefined;

  /**
   * When gamma, epsilon, lambda and nu move on: once when the test passes, and back where v does not follow; as often
   * as the test passes in a row, once when it passes, or regardless of it.
   * @defaultValue 'balanced'
   */
  readonly growth?: 'balanced' | 'untilTestFails' | 'oncePerTest' | 'everyIteration' | 'never' | undefined;

  /**
   * Number of growths after which they stay as they are (K). An integer >= 0 and <= 10000.
   * @defaultValue 200
   */
  readonly growthLimit?: number | undefined;

  /**
   * What vanishes at the solution of a lower level with sets: v - P(v - grad_v g), right on their boundary too, or
   * grad_v g.
   * @defaultValue 'projected'
   */
  readonly stationarity?: 'projected' | 'gradient' | undefined;

  /**
   * How upper inequalities become equalities: with the slack eliminated, or h + s^2 = 0 with a slack s that moves with
   * u.
   * @defaultValue 'closed': Mehra and Hamm 2021, equation 7
   */
  readonly inequalities?: 'closed' | 'slack' | undefined;

  /**
   * Optimizer of u.
   * @defaultValue 'adam'
   */
  readonly upperOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Optimizer of v.
   * @defaultValue 'adam'
   */
  readonly lowerOptimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.05
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.01
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Share by which the learning rate of v falls, step by step, within the steps of an iteration. A finite number >= 0
   * and < 1.
   * @defaultValue 0.95
   */
  readonly lowerFall?: number | undefined;

  /**
   * Factor of the learning rate of u at each growth. A finite number > 0 and <= 1.
   * @defaultValue 1
   */
  readonly upperDecay?: number | undefined;

  /**
   * Factor of the learning rate of v at each growth. A finite number > 0 and <= 1.
   * @defaultValue 1
   */
  readonly lowerDecay?: number | undefined;

  /**
   * For upper variables with a row per sample: one set of optimizer slots shared by all batches, or a row per sample.
   * @defaultValue 'sample'
   */
  readonly slots?: 'batch' | 'sample' | undefined;
}

/** Options of PZOBO. */
export interface PzoboOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 10: experiments of Sow, Ji and Liang 2022
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Directions in which u is perturbed (Q). An integer >= 1 and <= 10000.
   * @defaultValue 1: experiments of Sow, Ji and Liang 2022
   */
  readonly directions?: number | undefined;

  /**
   * How directions are drawn: normal, on the unit sphere, on that of every variable, or each unit vector once.
   * @defaultValue 'gaussian': experiments of Sow, Ji and Liang 2022
   */
  readonly directionMode?: 'gaussian' | 'sphere' | 'unitPerTensor' | 'coordinates' | undefined;

  /**
   * How far u is moved along a direction (mu). A finite number > 0.
   * @defaultValue 0.1: experiments of Sow, Ji and Liang 2022
   */
  readonly smoothing?: number | undefined;
}

/** Options of PZOBO-S. */
export interface PzoboSOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 10: experiments of Sow, Ji and Liang 2022
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Directions in which u is perturbed (Q). An integer >= 1 and <= 10000.
   * @defaultValue 1: experiments of Sow, Ji and Liang 2022
   */
  readonly directions?: number | undefined;

  /**
   * How directions are drawn: normal, on the unit sphere, on that of every variable, or each unit vector once.
   * @defaultValue 'gaussian': experiments of Sow, Ji and Liang 2022
   */
  readonly directionMode?: 'gaussian' | 'sphere' | 'unitPerTensor' | 'coordinates' | undefined;

  /**
   * How far u is moved along a direction (mu). A finite number > 0.
   * @defaultValue 0.1: experiments of Sow, Ji and Liang 2022
   */
  readonly smoothing?: number | undefined;
}

/** Options of truncated reverse mode. */
export interface ReverseOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 200: Yang, Ji and Liang 2021, the baseline reverse of its code; Grazzi, Franceschi, Pontil and Salzo
   * 2020
   */
  readonly lowerSteps?: number | undefined;

  /**
   * How many of the lower steps, counted from the last, are differentiated (K). An integer >= 1 and <= 1000000.
   * @defaultValue 3: Yang, Ji and Liang 2021, the baseline reverse of its code; Grazzi, Franceschi, Pontil and Salzo
   * 2020
   */
  readonly backwardSteps?: number | undefined;
}

/** Options of RMD. */
export interface RmdOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 20: Mehra and Hamm 2021, supplement B; Franceschi, Donini, Frasconi and Pontil 2017, Algorithm 1
   */
  readonly lowerSteps?: number | undefined;

  /**
   * How many of the last lower steps are differentiated, all by default (K). An integer >= 1 and <= 1000000.
   * @defaultValue 20: Mehra and Hamm 2021, supplement B; Franceschi, Donini, Frasconi and Pontil 2017, Algorithm 1
   */
  readonly backwardSteps?: number | undefined;

  /**
   * Whether all K points are kept, or one in every ceil(sqrt(K)) and the others are made again.
   * @defaultValue 'all'
   */
  readonly storage?: 'all' | 'checkpoints' | undefined;

  /**
   * Whether the first of T steps is differentiated as in the paper, or left out as in the authors' code.
   * @defaultValue 'paper'
   */
  readonly variant?: 'paper' | 'authors' | undefined;
}

/** Options of SABA. */
export interface SabaOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Memories at the start: zero, or the values of all blocks by a pass over the data.
   * @defaultValue 'zero': benchmark of Dagreou et al. 2022
   */
  readonly memoryStart?: 'zero' | 'full' | undefined;
}

/** Options of SOBA. */
export interface SobaOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5)
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.5)
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of SRBA. */
export interface SrbaOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Iterations from one pass over all rows to the next (q). An integer >= 1 and <= 1000000000.
   * @defaultValue 100
   */
  readonly period?: number | undefined;
}

/** Options of STABLE. */
export interface StableOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Share of the new matrices (tau_k). A number >= 0 and <= 1 or a schedule that starts at one.
   * @defaultValue 0.5: code of Yang, Ji and Liang 2021
   */
  readonly momentumRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Coefficient of the identity that is added to grad_vv g in the linear system. A finite number >= 0.
   * @defaultValue 0
   */
  readonly tikhonov?: number | undefined;
}

/** Options of stocBiO. */
export interface StocbioOptions
  extends Pick<
    SharedOptions,
    | 'lowerSteps'
    | 'neumannRate'
    | 'neumannFactors'
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {}

/** Options of SUSTAIN. */
export interface SustainOptions
  extends Pick<
    SharedOptions,
    | 'neumannRate'
    | 'neumannTerms'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Share of the new estimates at either level. A number >= 0 and <= 1 or a schedule that starts at one.
   * @defaultValue powerLaw(0.5, 0.6666666666666666): benchmark of Dagreou et al. 2022
   */
  readonly momentumRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.3333333333333333)
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.3333333333333333)
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of truncated RHG. */
export interface TRhgOptions
  extends Pick<
    SharedOptions,
    | 'warmStart'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 100
   */
  readonly lowerSteps?: number | undefined;

  /**
   * How many of the lower steps, counted from the last, are differentiated (K). An integer >= 1 and <= 1000000.
   * @defaultValue 10
   */
  readonly backwardSteps?: number | undefined;
}

/** Options of TTSA. */
export interface TtsaOptions
  extends Pick<
    SharedOptions,
    | 'neumannRate'
    | 'neumannTerms'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Learning rate of u, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.6)
   */
  readonly upperLearningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Learning rate of v, by iteration. A number > 0 or a schedule that starts at one.
   * @defaultValue powerLaw(0.1, 0.4)
   */
  readonly lowerLearningRate?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of V-PBGD. */
export interface VPbgdOptions
  extends Pick<
    SharedOptions,
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
    | 'innerLearningRate'
    | 'slots'
  > {
  /**
   * Steps of v for one step of u (T). An integer >= 1 and <= 1000000.
   * @defaultValue 1: Shen and Chen 2023
   */
  readonly lowerSteps?: number | undefined;

  /**
   * Weight gamma of the penalty, by iteration. A number >= 0 or a schedule that starts at one.
   * @defaultValue polynomial(0, 0.2, 30000, 1): Shen and Chen 2023
   */
  readonly gamma?: number | Schedule | ScheduleFunction | undefined;
}

/** Options of VRBO. */
export interface VrboOptions
  extends Pick<
    SharedOptions,
    | 'neumannRate'
    | 'neumannFactors'
    | 'upperOptimizer'
    | 'lowerOptimizer'
    | 'upperLearningRate'
    | 'lowerLearningRate'
    | 'momentum'
    | 'secondMoment'
    | 'stabilizer'
    | 'weightDecay'
    | 'upperClipNorm'
    | 'upperClipValue'
    | 'upperRateFactors'
    | 'lowerClipNorm'
    | 'lowerClipValue'
    | 'lowerRateFactors'
    | 'limitRates'
  > {
  /**
   * Iterations from one estimate on all rows to the next (q). An integer >= 1 and <= 1000000.
   * @defaultValue 3: code of Yang, Ji and Liang 2021
   */
  readonly period?: number | undefined;

  /**
   * Steps of v for one step of u; one estimate more than steps is made (T). An integer >= 1 and <= 1000000.
   * @defaultValue 10: benchmark of Dagreou et al. 2022
   */
  readonly innerSteps?: number | undefined;
}

/** Options of `minimize`. */
export interface MinimizeOptions
  extends Pick<SharedOptions, 'momentum' | 'secondMoment' | 'stabilizer' | 'weightDecay'> {
  /**
   * Optimizer steps of one iteration, each on a new mini-batch, made in one call of the engine. An integer >= 1 and <=
   * 1000000.
   * @defaultValue 100
   */
  readonly steps?: number | undefined;

  /**
   * Optimizer of v.
   * @defaultValue 'adam'
   */
  readonly optimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Learning rate, by optimizer step. A number > 0 or a schedule that starts at one.
   * @defaultValue 0.001
   */
  readonly learningRate?: number | Schedule | ScheduleFunction | undefined;

  /**
   * Length that the direction of a step of v, over all of its variables, is shortened to where it is longer; 0 for any.
   * A finite number >= 0.
   * @defaultValue 0
   */
  readonly clipNorm?: number | undefined;

  /**
   * Size that the elements of the direction of a step of v are cut at, before its length is; 0 for any. A finite number
   * >= 0.
   * @defaultValue 0
   */
  readonly clipValue?: number | undefined;

  /**
   * Factors of the learning rate of v by names of variables, in which * stands for any text; 1 for the others. An
   * object of numbers >= 0 by names of variables.
   * @defaultValue {}
   */
  readonly rateFactors?: Readonly<Record<string, number>> | undefined;
}

/** How `adapt` moves v. */
export interface AdaptationOptions
  extends Pick<SharedOptions, 'momentum' | 'secondMoment' | 'stabilizer' | 'weightDecay'> {
  /**
   * Steps of v along grad_v g. An integer >= 0 and <= 1000000.
   * @defaultValue 10
   */
  readonly steps?: number | undefined;

  /**
   * Optimizer of v.
   * @defaultValue 'sgd'
   */
  readonly optimizer?: 'sgd' | 'momentum' | 'adam' | 'adamw' | undefined;

  /**
   * Learning rate of v. A finite number > 0.
   * @defaultValue 0.1
   */
  readonly learningRate?: number | undefined;

  /**
   * Where v starts: where the problem lets it, or as in MAML at the upper variables of the same names.
   * @defaultValue 'initial'
   */
  readonly start?: 'initial' | 'upper' | undefined;

  /**
   * Length that the direction of a step of v, over all of its variables, is shortened to where it is longer; 0 for any.
   * A finite number >= 0.
   * @defaultValue 0
   */
  readonly clipNorm?: number | undefined;

  /**
   * Size that the elements of the direction of a step of v are cut at, before its length is; 0 for any. A finite number
   * >= 0.
   * @defaultValue 0
   */
  readonly clipValue?: number | undefined;

  /**
   * Factors of the learning rate of v by names of variables, in which * stands for any text; 1 for the others. An
   * object of numbers >= 0 by names of variables.
   * @defaultValue {}
   */
  readonly rateFactors?: Readonly<Record<string, number>> | undefined;
}

/** How exactly `respond` finds v*. */
export interface SearchOptions {
  /**
   * Largest |grad_v g|, relative to what it is where the problem lets v start. A finite number > 0 and < 1.
   * @defaultValue 0.0001
   */
  readonly tolerance?: number | undefined;

  /**
   * Most steps of v, each of one pass over all rows or a few. An integer >= 1 and <= 1000000.
   * @defaultValue 1000
   */
  readonly maxSteps?: number | undefined;
}

/** Options of every method, by its name. */
export interface OptionsByMethod {
  /**
   * AID-CG (Pedregosa 2016; Grazzi, Franceschi, Pontil and Salzo 2020). Approximate implicit differentiation: the
   * linear system by conjugate gradients. docs/methods/aid-cg.md has its equations and options.
   */
  readonly aidCg: AidCgOptions;

  /**
   * AID-FP (Grazzi, Franceschi, Pontil and Salzo 2020). Approximate implicit differentiation: the linear system by
   * fixed-point iterations. docs/methods/aid-fp.md has its equations and options.
   */
  readonly aidFp: AidFpOptions;

  /**
   * AmIGO (Arbel and Mairal 2022, arXiv:2111.14580). Stochastic steps on the lower level and on the linear system, both
   * warm started. docs/methods/amigo.md has its equations and options.
   */
  readonly amigo: AmigoOptions;

  /**
   * ANIL (Raghu, Raghu, Bengio and Vinyals 2020, section 4). Learns features and a start of the last layer, which alone
   * adapts to a task. docs/methods/anil.md has its equations and options.
   */
  readonly anil: AnilOptions;

  /**
   * ApproxGrad (Mehra and Hamm 2021, supplement B). Approximate implicit differentiation: the linear system by least
   * squares, warm started, with Adam throughout. docs/methods/approx-grad.md has its equations and options.
   */
  readonly approxGrad: ApproxGradOptions;

  /**
   * BDA (Liu, Mu, Yuan, Zeng and Zhang 2020, Algorithm 1). Bilevel descent aggregation: reverse mode through lower
   * steps along a mix of both gradients. docs/methods/bda.md has its equations and options.
   */
  readonly bda: BdaOptions;

  /**
   * BOME (Ye, Liu, Wright, Stone and Liu 2022). Descends f subject to a steady fall of the gap of the lower level, with
   * first derivatives alone. docs/methods/bome.md has its equations and options.
   */
  readonly bome: BomeOptions;

  /**
   * BSA (Ghadimi and Wang 2018, arXiv:1802.02246). Stochastic lower steps and one random term of the Neumann series:
   * the first stochastic method. docs/methods/bsa.md has its equations and options.
   */
  readonly bsa: BsaOptions;

  /**
   * DARTS (Liu, Simonyan and Yang 2019, Algorithm 1 and equations 7 and 8). Differentiates through one lower step by
   * finite differences of gradients of g, then makes it. docs/methods/darts.md has its equations and options.
   */
  readonly darts: DartsOptions;

  /**
   * F2BA (Chen, Ma and Zhang 2023, and their code). The hypergradient as a difference of first derivatives at two
   * perturbed solutions of the lower level. docs/methods/f2ba.md has its equations and options.
   */
  readonly f2ba: F2baOptions;

  /**
   * F2SA (Kwon, Kwon, Wright and Nowak 2023). A growing penalty on the value gap of the lower level, on fresh
   * mini-batches, with first derivatives alone. docs/methods/f2sa.md has its equations and options.
   */
  readonly f2sa: F2saOptions;

  /**
   * FMD (Mehra and Hamm 2021, supplement B; Franceschi, Donini, Frasconi and Pontil 2017, Algorithm 2). Forward-mode
   * differentiation: the derivative of v by all of u goes along with the lower steps. docs/methods/fmd.md has its
   * equations and options.
   */
  readonly fmd: FmdOptions;

  /**
   * FSLA (Li, Gu and Huang 2022, arXiv:2112.04660). One step each of v, the linear system and u in turn, with recursive
   * momentum (STORM) for u. docs/methods/fsla.md has its equations and options.
   */
  readonly fsla: FslaOptions;

  /**
   * G-PBGD (Shen and Chen 2023). A penalty on the squared gradient of the lower level, descended in both variables at
   * once. docs/methods/g-pbgd.md has its equations and options.
   */
  readonly gPbgd: GPbgdOptions;

  /**
   * alternating gradient descent (Mehra and Hamm 2021, supplement B). Steps v along grad_v g and u along grad_u f in
   * turn, blind to how u moves v: a baseline. docs/methods/gd.md has its equations and options.
   */
  readonly gd: GdOptions;

  /**
   * HOZOG (Gu et al. 2021 and their code). Estimates the whole hypergradient by differences of f at the ends of
   * perturbed lower paths. docs/methods/hozog.md has its equations and options.
   */
  readonly hozog: HozogOptions;

  /**
   * iMAML (Rajeswaran, Finn, Kakade and Levine 2019, Algorithms 1 and 2). Learns a start that tasks stay near, without
   * differentiating through the steps that adapt to them. docs/methods/imaml.md has its equations and options.
   */
  readonly imaml: ImamlOptions;

  /**
   * ITD (Ji, Yang and Liang 2021, Algorithm 1 (ITD-BiO)). Iterative differentiation: reverse mode through all lower
   * steps. docs/methods/itd.md has its equations and options.
   */
  readonly itd: ItdOptions;

  /**
   * MA-SOBA (Chen, Xiao and Balasubramanian 2023, arXiv:2306.12067). SOBA with a moving average of the directions of u.
   * docs/methods/ma-soba.md has its equations and options.
   */
  readonly maSoba: MaSobaOptions;

  /**
   * MAML (Finn, Abbeel and Levine 2017, Algorithm 2). Learns a start of all parameters from which a few gradient steps
   * adapt to a task. docs/methods/maml.md has its equations and options.
   */
  readonly maml: MamlOptions;

  /**
   * MEHA (Liu, Liu, Yao, Zeng and Zhang 2024). A penalty on the gap between g and its Moreau envelope: a single loop
   * for lower levels without convexity. docs/methods/meha.md has its equations and options.
   */
  readonly meha: MehaOptions;

  /**
   * MRBO (Yang, Ji and Liang 2021, arXiv:2106.04692). One step of both levels along recursive-momentum (STORM)
   * estimates, on small mini-batches: a single loop. docs/methods/mrbo.md has its equations and options.
   */
  readonly mrbo: MrboOptions;

  /**
   * MSTSA (Khanduri, Zeng, Hong, Wai, Wang and Yang 2021, first version). One plain stochastic step of v, then one of u
   * along a recursive-momentum (STORM) estimate. docs/methods/mstsa.md has its equations and options.
   */
  readonly mstsa: MstsaOptions;

  /**
   * the penalty method (Mehra and Hamm 2021, Algorithm 2). Replaces the lower level by a growing penalty on its
   * stationarity: no inverse, no stored trajectory. docs/methods/penalty.md has its equations and options.
   */
  readonly penalty: PenaltyOptions;

  /**
   * PZOBO (Sow, Ji and Liang 2022). Estimates how v answers to u by differences of lower paths at perturbed u: no
   * second derivatives. docs/methods/pzobo.md has its equations and options.
   */
  readonly pzobo: PzoboOptions;

  /**
   * PZOBO-S (Sow, Ji and Liang 2022). PZOBO on stochastic lower steps, with common random numbers for all paths.
   * docs/methods/pzobo-s.md has its equations and options.
   */
  readonly pzoboS: PzoboSOptions;

  /**
   * truncated reverse mode (Yang, Ji and Liang 2021, the baseline reverse of its code; Grazzi, Franceschi, Pontil and
   * Salzo 2020). Reverse mode through the last few of many lower steps. docs/methods/reverse.md has its equations and
   * options.
   */
  readonly reverse: ReverseOptions;

  /**
   * RMD (Mehra and Hamm 2021, supplement B; Franceschi, Donini, Frasconi and Pontil 2017, Algorithm 1). Reverse-mode
   * differentiation through the lower steps, all of them or the last, with or without checkpoints. docs/methods/rmd.md
   * has its equations and options.
   */
  readonly rmd: RmdOptions;

  /**
   * SABA (Dagreou, Ablin, Vaiter and Moreau 2022, NeurIPS). SOBA with memories of all blocks of rows (SAGA), whose
   * noise vanishes at constant rates. docs/methods/saba.md has its equations and options.
   */
  readonly saba: SabaOptions;

  /**
   * SOBA (Dagreou, Ablin, Vaiter and Moreau 2022). One joint step of u, v and the linear system on fresh mini-batches:
   * a single loop. docs/methods/soba.md has its equations and options.
   */
  readonly soba: SobaOptions;

  /**
   * SRBA (Dagreou, Moreau, Vaiter and Ablin 2023, arXiv:2302.08766). SOBA with recursive differences (SARAH) between
   * passes over all rows, at constant rates. docs/methods/srba.md has its equations and options.
   */
  readonly srba: SrbaOptions;

  /**
   * STABLE (Chen, Sun, Xiao and Yin 2022, AISTATS). Keeps and corrects the second-derivative matrices of g: one step of
   * each level, for small dimensions only. docs/methods/stable.md has its equations and options.
   */
  readonly stable: StableOptions;

  /**
   * stocBiO (Ji, Yang and Liang 2021, arXiv:2010.07962). Stochastic lower steps and a Neumann series whose factors are
   * on independent mini-batches. docs/methods/stocbio.md has its equations and options.
   */
  readonly stocbio: StocbioOptions;

  /**
   * SUSTAIN (Khanduri, Zeng, Hong, Wai, Wang and Yang 2021, arXiv:2102.07367). One step of both levels along
   * recursive-momentum (STORM) estimates, with one random term of the Neumann series. docs/methods/sustain.md has its
   * equations and options.
   */
  readonly sustain: SustainOptions;

  /**
   * truncated RHG (Shaban, Cheng, Hatch and Boots 2019, Algorithm 1). Truncated back-propagation: reverse mode through
   * the last K lower steps, with memory for K points. docs/methods/t-rhg.md has its equations and options.
   */
  readonly tRhg: TRhgOptions;

  /**
   * TTSA (Hong, Wai, Wang and Yang 2020, arXiv:2007.05170). One stochastic step of each level on two time scales, with
   * one random term of the Neumann series. docs/methods/ttsa.md has its equations and options.
   */
  readonly ttsa: TtsaOptions;

  /**
   * V-PBGD (Shen and Chen 2023). A penalty on the value gap of the lower level, descended in both variables with first
   * derivatives alone. docs/methods/v-pbgd.md has its equations and options.
   */
  readonly vPbgd: VPbgdOptions;

  /**
   * VRBO (Yang, Ji and Liang 2021, arXiv:2106.04692). One step of u and several of v along variance-reduced (SPIDER)
   * estimates, exact once in a period: a double loop. docs/methods/vrbo.md has its equations and options.
   */
  readonly vrbo: VrboOptions;
}
