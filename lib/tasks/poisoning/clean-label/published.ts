type Curve = readonly (readonly [distortion: number, success: number])[];

/**
 * Mehra and Hamm 2021, Figure 3: average distortion and success rate of attacks on 299 x 299 photographs of dogs and
 * fish, by features of InceptionV3; pixels from -1 to 1, radii 1 to 8. Read off the figure.
 */
export const publishedCurves: Readonly<Record<'penalty' | 'splitting', Curve>> = {
  penalty: [
    [1, 0.02],
    [1.7, 0.07],
    [2.7, 0.29],
    [3.45, 0.67],
    [3.8, 0.86],
    [3.9, 0.9],
    [4.05, 0.95],
    [4.3, 1],
  ],
  splitting: [
    [1, 0],
    [1.7, 0.02],
    [2.9, 0.13],
    [3.7, 0.51],
    [4.15, 0.78],
    [4.37, 0.88],
    [4.5, 0.93],
    [4.85, 1],
  ],
};
