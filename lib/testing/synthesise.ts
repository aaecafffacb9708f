// For tests: a tenant's stack without bundling its functions, and its template.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { loadTenant, tenantFiles } from '../../tenants/load.ts';
import type { Tenant } from '../../tenants/schema.ts';
import { TenantStack } from '../tenant-stack.ts';

export const exampleTenant = (): Tenant => loadTenant(tenantFiles('example')[0]!);

const folder = mkdtempSync(join(tmpdir(), 'sallyport-synth-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An app that bundles nothing, in a folder of its own that goes with the test. */
export const testApp = (): App =>
  // CDK's own check of the template costs seconds each time: bin/sallyport.test.ts, cdk-nag's rules and cfn-lint look at it as well.
  new App({
    outdir: mkdtempSync(join(folder, 'app-')),
    builtinCloudFormationValidation: false,
    treeMetadata: false,
    context: { 'aws:cdk:bundling-stacks': [] },
  });

export const exampleStack = (change: Partial<Tenant> = {}): TenantStack => new TenantStack(testApp(), { ...exampleTenant(), ...change });

export const exampleTemplate = (change: Partial<Tenant> = {}): Template => Template.fromStack(exampleStack(change));

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly Condition?: string;
}

/** The resources of a type, by logical id. */
export const resourcesOf = (template: Template, type: string): Readonly<Record<string, Resource>> =>
  template.findResources(type) as Record<string, Resource>;

/** The one resource of a type whose logical id begins so. */
export const resource = (template: Template, type: string, prefix: string): Resource => {
  const found = Object.entries(resourcesOf(template, type)).filter(([id]) => id.startsWith(prefix));
  if (found.length !== 1) throw new Error(`One ${type} whose id begins with ${prefix} was expected, not ${found.length}.`);
  return found[0]![1];
};

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: { readonly 'ForAllValues:StringLike': { readonly 'dynamodb:LeadingKeys': string | readonly string[] } };
}

/** What the role whose policy's id begins so is allowed: actions and, shortened, resources; of a table, which items. */
export const grants = (template: Template, prefix: string): string[] => {
  const { PolicyDocument } = resource(template, 'AWS::IAM::Policy', prefix).Properties as { PolicyDocument: { Statement: Statement[] } };
  return PolicyDocument.Statement.map(({ Effect, Action, Resource, Condition }) => {
    const items = Condition ? ` with ${Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys']}` : '';
    return `${Effect} ${[Action].flat().join(' ')} on ${shortened(Resource)}${items}`;
  });
};

/** A resource as a person names it: logical ids without their hashes, joined texts as one. */
const shortened = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const [[name, argument]] = Object.entries(value as Record<string, unknown>) as [[string, unknown]];
  if (name === 'Ref') return `{${String(argument).replace(/[0-9A-F]{8}$/, '')}}`;
  if (name === 'Fn::GetAtt') return `{${String((argument as string[])[0]).replace(/[0-9A-F]{8}$/, '')}.${(argument as string[])[1]}}`;
  if (name === 'Fn::Join') return (argument as [string, unknown[]])[1].map(shortened).join((argument as [string, unknown[]])[0]);
  throw new Error(`Unexpected ${name}`);
};
