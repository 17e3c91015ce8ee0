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
};
