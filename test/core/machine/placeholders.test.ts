import { expand, urlsIn } from '../../../core/machine/placeholders';

const placeholders = {
  url: (process: string) => `http://${process}:1`,
  mount: (volume: string) => `/${volume}`,
  port: (port = 80) => String(port),
};

describe('placeholders', () => {
  test.each([
    ['${url:whisper}', 'http://whisper:1'],
    ['a ${mount:models}/b ${mount:scratch}', 'a /models/b /scratch'],
    ['${port} ${port:8081}', '80 8081'],
    // A token of the CDK, and variables of shells.
    ['${Token[TOKEN.12]} ${HOME} $port', '${Token[TOKEN.12]} ${HOME} $port'],
  ])('in %s are replaced', (value, expected) => {
    expect(expand(value, placeholders)).toBe(expected);
  });

  test('of URLs name their processes', () => {
    expect(urlsIn('[{"url":"${url:whisper}"},{"url":"${url:my-model}"}] ${mount:models}')).toEqual([
      'whisper',
      'my-model',
    ]);
  });
});
