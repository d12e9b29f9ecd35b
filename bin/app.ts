import { spotscribeApp } from '../lib/app';
import { SettingsError } from '../lib/settings';

try {
  spotscribeApp().synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
