import { z } from 'zod';

const NAME = '[A-Za-z0-9][A-Za-z0-9._-]*';
const MODEL = new RegExp(`^${NAME}(@${NAME})?$`);
const PUSHED = new RegExp(`^${NAME}@${NAME}$`);

/** A model by its name in the catalogue, or with a revision if it was pushed. */
export const modelSetting = () =>
  z
    .string()
    .regex(MODEL, 'must be a model of the catalogue, or <name>@<revision> for a model that you pushed');

/** Recordings of voices, which are pushed like a model. */
export const voicesSetting = () =>
  z.string().regex(PUSHED, 'must be <name>@<revision> of recordings that you pushed like a model');
