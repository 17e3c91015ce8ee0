export { type TensorBoard, type TensorBoardOptions, tensorBoard } from './board.js';
export { eventFilePrefix } from './event-file.js';
