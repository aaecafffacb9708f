import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { unpackApplications } from '../../tenants/packed-applications.ts';
import { exampleTemplate, exampleTenant, resource } from '../testing/synthesise.ts';

test('a deployment carries the applications, normalised', () => {
  const template = exampleTemplate();

  const { Properties } = resource(template, 'Custom::SallyportApplications', 'Directory');

  expect(JSON.parse(String(Properties.Applications))).toEqual(exampleTenant().applications);
  expect(Properties).toMatchObject({
    ServiceToken: { 'Fn::GetAtt': [expect.stringMatching(/^DirectoryWriterFunction/), 'Arn'] },
    ServiceTimeout: '120',
  });
});

test('it is written only when the function may write', () => {
  const { DependsOn } = resource(exampleTemplate(), 'Custom::SallyportApplications', 'Directory') as { DependsOn?: string[] };

  expect(DependsOn).toContainEqual(expect.stringMatching(/^DirectoryWriterRoleDefaultPolicy/));
});

describe('applications', () => {
  const many = (count: number) => {
    const [wiki] = exampleTenant().applications;
    // What does not repeat does not pack.
    return Array.from({ length: count }, (_, index) => ({
      ...wiki!,
      id: `wiki-${index}`,
      description: randomBytes(300).toString('base64'),
    }));
  };

  test('that are too many to be read in the template are packed there', () => {
    const applications = many(200);

    const { Properties } = resource(exampleTemplate({ applications }), 'Custom::SallyportApplications', 'Directory');

    expect(Properties.Applications).not.toContain('wiki');
    expect(unpackApplications(String(Properties.Applications))).toEqual(applications);
  });

  test('and too many even so are refused when the stack is synthesised', () => {
    expect(() => exampleTemplate({ applications: many(400) })).toThrow(
      /The 400 applications of example take \d+ bytes, packed; a deployment carries 120000\..*sallyport apply/,
    );
  });
});
