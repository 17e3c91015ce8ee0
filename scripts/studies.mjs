// The studies whose results stand in docs/: which parts they are made of, and which of their pictures are shown.

/** The options of the parts by title; the folder of a part is its name in lower case. */
export const studies = {
  synthetic: {
    page: 'synthetic.md',
    parts: {
      'One matrix A for all trials': {},
      'A matrix of its own for every trial': {
        matrix: 'perTrial',
        problems: 'P3,P4',
        methods: 'approxGrad,penalty',
      },
    },
    pictures: ([shared]) =>
      Object.fromEntries(Object.entries(shared).map(([name, each]) => [`synthetic-${name}`, each])),
  },
  representation: {
    page: 'representation.md',
    parts: {
      'Linear embedding, 64 x 128, mean of 5 instances': { study: 'small', instances: 5 },
      'Linear embedding, 128 x 256, mean of 5 instances': { study: 'large', instances: 5 },
      'Number of lower steps on the small embedding, mean of 5 instances': { study: 'steps', instances: 5 },
      'Two layers of sigmoids, mean of 3 instances': { study: 'network', instances: 3 },
      'Number of lower steps on the two layers, mean of 3 instances': { study: 'networkSteps', instances: 3 },
    },
    pictures: (parts) => ({ representation: { charts: parts.flatMap(({ losses }) => losses.charts) } }),
  },
  'few-shot': {
    page: 'few-shot.md',
    parts: {
      'Digits, one sample of each class': { methods: 'all', iterations: 200 },
      'Digits, five samples of each class': { methods: 'all', iterations: 200, shots: 5 },
    },
    pictures: (parts) => ({ 'few-shot': { charts: parts.flatMap(({ validation }) => validation.charts) } }),
  },
  tuning: {
    command: 'tune',
    page: 'tuning.md',
    threads: 1,
    parts: {
      'MNIST: a decay for each of 784 pixels, 2,000 validation samples': {},
      'The same with 500 validation samples': { validation: 500 },
      'Fashion-MNIST: a decay for each of 784 pixels, 2,000 validation samples': { data: 'fashion-mnist' },
      'MNIST: a decay for each array of a network with two hidden layers, and label smoothing': {
        network: 'mlp',
        tune: 'l2,label-smoothing',
        seconds: 40,
        tikhonov: 0.1,
      },
      'MNIST: shares of changed images, and a decay for each array': {
        tune: 'augmentation,l2',
        methods: 'untuned,grid,random,stocbio,aidCg,amigo',
        seconds: 20,
      },
      'MNIST: learning rates and first values of each array, in 100 steps of a network with two hidden layers': {
        network: 'mlp',
        tune: 'learning-rates,initial-values',
        seconds: 20,
      },
    },
    pictures: ([pixels, , clothes]) => ({
      tuning: { charts: [pixels, clothes].flatMap(({ response }) => response.charts) },
    }),
  },
  comparison: {
    command: 'compare',
    page: 'hyper-cleaning.md',
    threads: 1,
    parts: {
      '60 seconds each': { seconds: 60 },
      '5,000 evaluations each, on mini-batches of 1,000': { evaluations: 5000, batch: 1000 },
      'The same with 15 % wrong labels': { evaluations: 5000, batch: 1000, noise: 0.15 },
      'Momentum methods with steps alike, 5,000 evaluations': {
        evaluations: 5000,
        methods: 'vrboAlike,mrboAlike,sustainAlike,mstsaAlike',
      },
    },
    pictures: ([time, evaluations]) => ({
      'hyper-cleaning-time': time.curves,
      'hyper-cleaning-evaluations': evaluations.curves,
    }),
  },
};
