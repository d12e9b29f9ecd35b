/** Rounds to the nearest integer, and halves up. Twin of `formats/rounding.py` in the whisper service. */
export const halvesUp = (number: number) => Math.floor(number + 0.5);
