// The template against cdk-nag's rules. What is meant so is acknowledged beside the construct, with its reason; nothing else may be found.
import { expect, test } from '@jest/globals';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { exampleStack } from './testing/synthesise.ts';

const acknowledgements = (root: IConstruct) =>
  root.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([id, reason]) => ({ construct, id: id.replace(/^annotation::/i, ''), reason })),
  );

test('cdk-nag finds nothing that is not acknowledged', () => {
  const { violations } = new AwsSolutionsChecks().validateScope(exampleStack());

  expect(
    violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources.map(({ constructPath }) => constructPath)]),
  ).toEqual([]);
});

test('each acknowledgement is needed, and says why', () => {
  const stack = exampleStack();
  const made = acknowledgements(stack);

  // Without them, every finding shows.
  for (const { construct } of made) {
    for (const entry of construct.node.metadata)
      if (entry.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY) Object.assign(entry, { type: 'none' });
  }
  const { violations } = new AwsSolutionsChecks().validateScope(stack);

  const found = violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => ({ ruleName, constructPath })),
  );
  const idle = made.filter(
    ({ construct, id }) =>
      !found.some(({ ruleName, constructPath }) => ruleName === id && `${constructPath}/`.startsWith(`${construct.node.path}/`)),
  );
  expect(idle.map(({ construct, id }) => `${construct.node.path} ${id}`)).toEqual([]);
  expect(made.filter(({ reason }) => reason.length < 40)).toEqual([]);
});
