import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ParameterError, readParameter, systemsManager } from '../../local/parameters';

describe('parameters of the emulator', () => {
  let server: Server;
  let endpoint: string;
  let answer: { status: number; body: object };
  let asked: IncomingHttpHeaders;

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked = request.headers;
      response.writeHead(answer.status).end(JSON.stringify(answer.body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('are read by name', async () => {
    answer = { status: 200, body: { Parameter: { Value: 'text' } } };
    expect(await readParameter(endpoint, '/stack/Machine')).toBe('text');
    expect(asked['x-amz-target']).toBe('AmazonSSM.GetParameter');
  });

  test.each(['ParameterNotFound', 'com.amazonaws.ssm#ParameterNotFound'])(
    'may not exist: %s',
    async (type) => {
      answer = { status: 400, body: { __type: type } };
      expect(await readParameter(endpoint, '/stack/Machine')).toBeUndefined();
    },
  );

  test('are not taken for missing if the request fails otherwise', async () => {
    answer = { status: 500, body: { __type: 'InternalServerError', message: 'again' } };
    await expect(readParameter(endpoint, '/stack/Machine')).rejects.toThrow(
      new ParameterError(
        'InternalServerError',
        'GetParameter of a parameter failed: InternalServerError again',
      ),
    );
    await expect(systemsManager(endpoint, 'PutParameter', {})).rejects.toThrow(ParameterError);
  });
});
