// The small part of VTL that our templates use: two variables of the context. Anything else is refused at deployment.
// "WebSocket API mapping template reference for API Gateway" (Developer Guide).
import { AwsError } from '../services.ts';

export interface TemplateContext {
  readonly connectionId: string;
  readonly requestId: string;
}

const VARIABLE = /\$(?:context\.(connectionId|requestId)\b|\{context\.(connectionId|requestId)\})/g;
/** A reference, a directive or a comment of VTL. */
const VELOCITY = /\$!?\{?[a-z_]|#[#*[]|#@?\{?[a-z]/i;

/** Throws AwsError BadRequestException when a template asks for more than the simulator renders. */
export const checkTemplates = (templates: Readonly<Record<string, string>>): void => {
  for (const [key, template] of Object.entries(templates)) {
    if (VELOCITY.test(template.replace(VARIABLE, ''))) {
      throw new AwsError(
        400,
        'BadRequestException',
        `Invalid mapping template ${key}: the simulator renders $context.connectionId and $context.requestId only.`,
      );
    }
  }
};

export const renderTemplate = (template: string, context: TemplateContext): string =>
  template.replace(
    VARIABLE,
    (_all, bare?: keyof TemplateContext, braced?: keyof TemplateContext) => context[bare ?? braced ?? 'requestId'],
  );

/**
 * The key of the template that applies: `\$default` is the escaped literal, none means `$default`.
 * Throws AwsError BadRequestException for an expression that reads something.
 */
export const templateKey = (selectionExpression: string | undefined): string => {
  if (selectionExpression === undefined) return '$default';
  const literal = selectionExpression.replace(/^\\\$/, '');
  if (literal.includes('$')) {
    throw new AwsError(
      400,
      'BadRequestException',
      `Invalid templateSelectionExpression: ${selectionExpression}. The simulator knows literals.`,
    );
  }
  return selectionExpression.replace(/^\\/, '');
};
