// The template against cdk-nag's rules. What is meant so is acknowledged beside the construct, with its reason; nothing else may be found.
import { expect, test } from '@jest/globals';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { exampleStack } from './testing/synthesise.ts';
import { VARIANTS } from './testing/variants.ts';

const acknowledgements = (root: IConstruct) =>
  root.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([id, reason]) => ({ construct, id: id.replace(/^annotation::/i, ''), reason })),
  );

test.each(Object.keys(VARIANTS))('cdk-nag finds nothing in %s that is not acknowledged', (variant) => {
  const { violations } = new AwsSolutionsChecks().validateScope(exampleStack(VARIANTS[variant]));

  expect(
    violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources.map(({ constructPath }) => constructPath)]),
  ).toEqual([]);
});

test.each(['the example', 'the same with a user pool', 'what an earlier deployment left'])(
  'each acknowledgement in %s is needed, and says why',
  (variant) => {
    const stack = exampleStack(VARIANTS[variant]);
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
  },
);

test.each(Object.keys(VARIANTS))('in %s, why no user pool authorises says nothing of where users sign in', (variant) => {
  const reasons = acknowledgements(exampleStack(VARIANTS[variant])).filter(({ id }) => id.endsWith('COG4'));

  expect(reasons.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/by the session that the portal made of their sign-in, wherever/),
  ]);
});
