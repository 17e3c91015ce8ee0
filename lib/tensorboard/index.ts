export { type TensorBoard, type TensorBoardOptions, tensorBoard } from './board.js';
