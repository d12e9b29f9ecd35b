import type { Template } from 'aws-cdk-lib/assertions';
import type { Settings } from '../../../lib/settings';
import { MOST_ZONES, type Zones } from '../../../lib/network/zone-settings';
import exported from '../../fixtures/foundation-exports.json';
import { evaluate, type Place } from '../intrinsics';
import { templates } from '../templates';

const REGION = 'us-west-1';
const zonesOf = (letters: string) => [...letters].map((letter) => `${REGION}${letter}`);
const FOUNDATION = templates()['Spotscribe-Foundation']!;

/** The machines' subnets in order, with their values resolved as by CloudFormation. */
function subnets(place: Place): { id: string; zone: string; range: string }[] {
  return Object.entries(FOUNDATION.findResources('AWS::EC2::Subnet'))
    .filter(([id]) => id.includes('PublicSubnet'))
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([id, { Properties }]) => {
      const of = (name: string) => evaluate(FOUNDATION, Properties[name], place) as string;
      return { id, zone: of('AvailabilityZone'), range: of('CidrBlock') };
    });
}

/**
 * Values that paths read in a region with these zones.
 *
 * @param without letters of the zones without Lambda
 */
function shared(zones: string[], without = ''): Place {
  const functionZones = zones.map((zone) => (without.includes(zone.slice(-1)) ? 'none' : zone));
  const values = Object.values(FOUNDATION.findResources('AWS::SSM::Parameter')).map(({ Properties }) => [
    Properties.Name as string,
    (Properties.Name as string).endsWith('/FunctionZones')
      ? [...functionZones, ...Array.from({ length: MOST_ZONES }, () => 'none')].join(',')
      : JSON.stringify(Properties.Value).includes('Fn::GetAtt')
        ? 'attribute'
        : evaluate(FOUNDATION, Properties.Value, { zones }),
  ]);
  return { zones, shared: Object.fromEntries(values) as Record<string, string> };
}

describe('subnets', () => {
  test.each(['a', 'ac', 'abc', 'abcd', 'abcde', 'abcdef'])(
    'in a region with zones %s lie one in each zone, as they did before; the others are elsewhere',
    (letters) => {
      const zones = zonesOf(letters);
      const made = subnets({ zones });
      expect(made).toHaveLength(MOST_ZONES);
      expect(made.slice(0, zones.length).map(({ zone }) => zone)).toEqual(zones);
      for (const [index, { range }] of made.slice(0, zones.length).entries())
        expect(range).toBe(`10.42.${16 * index}.0/20`);
      for (const { zone } of made.slice(zones.length)) expect(zone).toBe(zones[0]);
      expect(new Set(made.map(({ range }) => range)).size).toBe(MOST_ZONES);
      expect(made.map(({ range }) => range)).not.toContain('10.42.240.0/20');
    },
  );

  test('can be replaced when the region gets another zone: the new one has another range', () => {
    for (let number = 1; number < MOST_ZONES; number++) {
      const [before, after] = [number, number + 1].map((some) =>
        subnets({ zones: zonesOf('abcdef'.slice(0, some)) }),
      );
      const replaced = after!.filter((subnet, index) => subnet.zone !== before![index]!.zone);
      expect(replaced).toHaveLength(1);
      expect(before!.map(({ range }) => range)).not.toContain(replaced[0]!.range);
    }
  });

  test.each<Partial<Settings>>([
    { availabilityZones: 1 },
    { availabilityZones: ['us-west-1a'] },
    { fillModels: 'manual' },
  ])('and all of the foundation are the same with the settings %j', (settings) => {
    expect(templates(settings)['Spotscribe-Foundation']?.toJSON()).toEqual(FOUNDATION.toJSON());
  });
});

describe('a path', () => {
  const made = new Map<string, Template>();
  const path = (availabilityZones: Zones, id = 'FastApi'): Template => {
    const key = JSON.stringify([id, availabilityZones]);
    const template = made.get(key) ?? templates({ paths: [id], availabilityZones })[`Spotscribe-${id}`]!;
    made.set(key, template);
    return template;
  };

  const zonesIn = (
    template: Template,
    type: string,
    letters: string,
    read = 'VPCZoneIdentifier',
    place = shared(zonesOf(letters)),
  ) => {
    const all = new Map(subnets(place).map(({ id, zone }) => [id, zone]));
    return Object.values(template.findResources(type)).flatMap(({ Properties }) => {
      const { VpcConfig, [read]: found } = Properties as Record<string, unknown>;
      const named = (VpcConfig as { SubnetIds: unknown } | undefined)?.SubnetIds ?? found;
      if (named === undefined) return [];
      const ids = evaluate(template, named, place) as string[];
      return [ids.map((id) => all.get(id)?.replace(REGION, ''))];
    });
  };

  /** Subnets of functions in the VPC. */
  const functionZonesIn = (template: Template, letters: string, without = '') => {
    const place = shared(zonesOf(letters), without);
    return zonesIn(template, 'AWS::Lambda::Function', letters, 'none', place);
  };

  test.each<[Zones, string, string]>([
    [3, 'abc', 'abc'],
    [3, 'ac', 'ac'],
    [3, 'abcdef', 'abc'],
    [6, 'abcd', 'abcd'],
    [2, 'abc', 'ab'],
    [['us-west-1a', 'us-west-1c'], 'abc', 'ac'],
    [['us-west-1a', 'us-west-1c'], 'ac', 'ac'],
    [['us-west-1c', 'us-west-1b'], 'abcd', 'bc'],
  ])('with zones %j of %s has its machines, load balancer and function in %s', (zones, letters, expected) => {
    const template = path(zones);
    const wanted = [[...expected]];
    expect(zonesIn(template, 'AWS::AutoScaling::AutoScalingGroup', letters)).toEqual(wanted);
    expect(zonesIn(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer', letters, 'Subnets')).toEqual(
      wanted,
    );
    expect(functionZonesIn(template, letters)).toEqual(wanted);
  });

  test.each([
    ['c', 'ab'],
    ['a', 'bc'],
    ['d', 'abc'],
  ])(
    'has no function in zone %s if that has no Lambda, but in %s; its machines use all',
    (without, expected) => {
      const template = path(3);
      expect(functionZonesIn(template, 'abcd', without)).toEqual([[...expected]]);
      expect(zonesIn(template, 'AWS::AutoScaling::AutoScalingGroup', 'abcd')).toEqual([['a', 'b', 'c']]);
    },
  );

  test('runs in a single zone, by number or by name', () => {
    for (const zones of [1, ['us-west-1b']] as const) {
      const template = path(typeof zones === 'number' ? zones : [...zones], 'DockerGpu');
      const [found] = zonesIn(template, 'AWS::AutoScaling::AutoScalingGroup', 'abc');
      expect(found).toEqual([zones === 1 ? 'a' : 'b']);
    }
  });

  test('is not deployed into a zone that does not exist', () => {
    const template = path(['us-west-1a', 'us-west-1b']);
    const { Rules } = template.toJSON() as {
      Rules: { ZonesAreThere: { Assertions: { Assert: unknown; AssertDescription: string }[] } };
    };
    const [rule] = Rules.ZonesAreThere.Assertions;
    expect(evaluate(template, rule?.Assert, shared(zonesOf('abc')))).toBe(true);
    expect(evaluate(template, rule?.Assert, shared(zonesOf('ac')))).toBe(false);
    expect(rule?.AssertDescription).toContain('"availabilityZones" names a zone that is not available');
  });
});

describe('the values that a path uses of the foundation', () => {
  const all = templates({ paths: ['DockerGpu', 'FastApi', 'Voxtral', 'Hybrid'] });
  const exports = (template: Template) =>
    Object.values(template.toJSON().Outputs as Record<string, { Export?: { Name: string }; Value: unknown }>)
      .filter(({ Export }) => Export !== undefined)
      .map(({ Export, Value }) => ({ name: Export?.Name, value: Value }));

  test('are read from Systems Manager; only one export is in use, and its value never changes', () => {
    for (const [name, template] of Object.entries(all)) {
      if (name === 'Spotscribe-Foundation') continue;
      const imported = [...JSON.stringify(template.toJSON()).matchAll(/"Fn::ImportValue":("[^"]*"|.)/g)];
      expect(imported.map(([, export_]) => export_)).toEqual(['"Spotscribe-Foundation:InUse"']);
    }
    const [inUse] = exports(FOUNDATION).filter(({ name }) => name === 'Spotscribe-Foundation:InUse');
    expect(inUse?.value).toBe('Spotscribe-Foundation');
  });

  test('exist: the foundation creates each parameter', () => {
    const names = Object.values(FOUNDATION.findResources('AWS::SSM::Parameter')).map(
      ({ Properties }) => Properties.Name as string,
    );
    for (const template of Object.values(all)) {
      const read = Object.values((template.toJSON().Parameters ?? {}) as Record<string, { Default?: string }>)
        .map(({ Default = '' }) => Default)
        .filter((name) => name.startsWith('/Spotscribe-Foundation/'));
      expect(names).toEqual(expect.arrayContaining(read));
    }
  });

  test.each([
    {},
    { fillModels: 'manual' },
    { availabilityZones: 1 },
    { images: 'local' },
    { engine: 'faster-whisper' },
  ] as const)('was exported before, and still is, with the settings %j', (settings) => {
    const names = exports(templates(settings)['Spotscribe-Foundation']!).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(exported));
  });
});
