/** The nearest whole number, the upper one of two. Twin of `formats/rounding.py` in the whisper service. */
export const halvesUp = (number: number) => Math.floor(number + 0.5);
