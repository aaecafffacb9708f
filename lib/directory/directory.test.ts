import { expect, test } from '@jest/globals';
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

test('more applications than a deployment carries are refused when it is synthesised', () => {
  const [wiki] = exampleTenant().applications;
  const applications = Array.from({ length: 400 }, (_, index) => ({ ...wiki!, id: `wiki-${index}` }));

  expect(() => exampleTemplate({ applications })).toThrow(
    /The 400 applications of example take \d+ bytes; a deployment carries 120000\..*sallyport apply/,
  );
});
