// A MOCK integration: the request template gives a status code, the status code a response, the response a payload.
// "For HTTP and MOCK integrations, it is $integration.response.statuscode" (the integration response's selection).
import { IntegrationFailure } from '../apigateway/invoke-function.ts';
import { AwsError } from '../services.ts';
import type { Integration } from './api.ts';
import { renderTemplate, type TemplateContext, templateKey } from './mapping-template.ts';

export interface MockAnswer {
  readonly status: number;
  /** What a route response hands to the client; undefined when the integration response says nothing. */
  readonly payload: string | undefined;
}

/** Throws AwsError BadRequestException unless the request template gives a status code: the message itself would be taken for it. */
export const checkMock = (integration: Pick<Integration, 'requestTemplates' | 'templateSelectionExpression'>): void => {
  const key = templateKey(integration.templateSelectionExpression);
  const template = integration.requestTemplates[key];
  if (template === undefined || statusOf(template) === undefined) {
    throw new AwsError(
      400,
      'BadRequestException',
      `A MOCK integration needs a request template ${key} with a statusCode; there are ${Object.keys(integration.requestTemplates).join(', ') || 'none'}.`,
    );
  }
};

/** Throws IntegrationFailure when no integration response is for its status. */
export const answerMock = (integration: Integration, context: TemplateContext): MockAnswer => {
  const request = renderTemplate(integration.requestTemplates[templateKey(integration.templateSelectionExpression)] ?? '', context);
  const status = statusOf(request) ?? 500;
  const response =
    integration.responses.find(({ key }) => key !== '$default' && matches(key, String(status))) ??
    integration.responses.find(({ key }) => key === '$default');
  if (!response) throw new IntegrationFailure('unavailable', `Integration ${integration.id} has no integration response for ${status}.`);
  const template = response.templates[templateKey(response.templateSelectionExpression)];
  return { status, payload: template === undefined ? undefined : renderTemplate(template, context) };
};

const matches = (key: string, status: string): boolean => {
  const [, pattern] = /^\/(.*)\/$/.exec(key) ?? [];
  return pattern === undefined ? key === status : new RegExp(`^(?:${pattern})$`).test(status);
};

const statusOf = (template: string): number | undefined => {
  try {
    const { statusCode } = JSON.parse(template) as { statusCode?: unknown };
    return typeof statusCode === 'number' ? statusCode : undefined;
  } catch {
    return undefined;
  }
};
