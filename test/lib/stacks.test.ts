import { templates } from './templates';

describe('stacks', () => {
  const all = templates();

  test('are the foundation and one for each chosen path', () => {
    expect(Object.keys(all)).toEqual(['Spotscribe-Foundation', 'Spotscribe-DockerGpu']);
  });

  test.each(Object.entries(all))('%s', (_, template) => {
    expect(template.toJSON()).toMatchSnapshot();
  });
});
