import { PATHS } from '../../lib/paths';
import { templates } from './templates';

describe('stacks', () => {
  const all = templates({ paths: PATHS.map(({ info }) => info.id) });

  test('are the foundation and one for each chosen path', () => {
    expect(Object.keys(templates())).toEqual(['Spotscribe-Foundation', 'Spotscribe-DockerGpu']);
    expect(Object.keys(all)).toEqual([
      'Spotscribe-Foundation',
      'Spotscribe-DockerGpu',
      'Spotscribe-FastApi',
      'Spotscribe-Hybrid',
      'Spotscribe-Voxtral',
    ]);
  });

  test('share a foundation that is the same whichever paths are chosen: deploying one takes nothing from another', () => {
    for (const { info } of PATHS) {
      const alone = templates({ paths: [info.id] })['Spotscribe-Foundation'];
      expect(alone?.toJSON()).toEqual(all['Spotscribe-Foundation']?.toJSON());
    }
  });

  test.each(Object.entries(all))('%s', (_, template) => {
    expect(template.toJSON()).toMatchSnapshot();
  });
});
