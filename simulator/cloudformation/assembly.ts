// Reads what `cdk synth` wrote: the manifest, one stack's template, and where the assets of its functions lie.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SallyportError } from '../../protocol/errors.ts';
import { isRecord } from '../iam/conditions.ts';
import type { Assets } from '../services.ts';
import { readTemplate, type Template } from './template.ts';

export interface StackAssembly {
  readonly stackName: string;
  readonly template: Template;
  readonly assets: Assets;
}

interface StackArtifact {
  readonly id: string;
  readonly directory: string;
  readonly stackName: string;
  readonly templateFile: string;
}

const fault = (message: string, cause?: unknown) => new SallyportError('ERR_CONFIGURATION_INVALID', message, { cause });

/** The named stack, or the only one. Throws ERR_CONFIGURATION_INVALID that says what there is. */
export const readAssembly = (directory: string, stack?: string): StackAssembly => {
  const stacks = readStacks(directory);
  const found = stack === undefined ? stacks : stacks.filter(({ id, stackName }) => id === stack || stackName === stack);
  const [chosen] = found;
  if (!chosen || found.length > 1) {
    const names = stacks.map(({ stackName }) => stackName).join(', ') || 'none';
    throw fault(
      stack === undefined
        ? `${directory} holds ${stacks.length} stacks (${names}): say which one.`
        : `${directory} has ${found.length === 0 ? 'no' : 'more than one'} stack ${stack} (it has ${names}).`,
    );
  }
  const templateFile = join(chosen.directory, chosen.templateFile);
  return {
    stackName: chosen.stackName,
    template: readTemplate(readFileSync(templateFile, 'utf8')),
    assets: readAssets(chosen),
  };
};

const readStacks = (directory: string): StackArtifact[] => {
  const manifest = readJson(join(directory, 'manifest.json'), `${directory} is not an assembly: run \`npx cdk synth\` first.`);
  const artifacts = isRecord(manifest.artifacts) ? manifest.artifacts : {};
  return Object.entries(artifacts).flatMap(([id, artifact]) => {
    if (!isRecord(artifact)) return [];
    const properties = isRecord(artifact.properties) ? artifact.properties : {};
    if (artifact.type === 'cdk:cloud-assembly') return readStacks(join(directory, String(properties.directoryName)));
    if (artifact.type !== 'aws:cloudformation:stack') return [];
    return [{ id, directory, stackName: String(properties.stackName ?? id), templateFile: String(properties.templateFile) }];
  });
};

const readAssets = ({ directory, id }: StackArtifact): Assets => {
  const file = join(directory, `${id}.assets.json`);
  const paths = new Map<string, string>();
  if (existsSync(file)) {
    const { files } = readJson(file, `${file} cannot be read.`);
    for (const asset of Object.values(isRecord(files) ? files : {})) {
      if (!isRecord(asset) || !isRecord(asset.source) || !isRecord(asset.destinations)) continue;
      const path = join(dirname(file), String(asset.source.path));
      for (const destination of Object.values(asset.destinations))
        if (isRecord(destination)) paths.set(String(destination.objectKey), path);
    }
  }
  return {
    path: (objectKey) => {
      const path = paths.get(objectKey);
      if (path === undefined) throw fault(`The assembly has no asset ${objectKey}: synthesise it again.`);
      if (!existsSync(path)) throw fault(`The asset ${path} is missing: synthesise the assembly again, with bundling.`);
      return path;
    },
  };
};

const readJson = (file: string, otherwise: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isRecord(value)) return value;
  } catch (error) {
    throw fault(otherwise, error);
  }
  throw fault(otherwise);
};
