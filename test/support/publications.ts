// What the publishing tests publish, in the tenant file's form.
import type { Sites } from './sites.ts';

export const DOMAIN = 'sallyport.localhost';
/** More hosts than a browser follows redirects to in one go. */
export const HUB = ['hub-1', 'hub-2', 'hub-3', 'hub-4', 'hub-5', 'hub-6', 'hub-7'];
/** Deployed for the local tenant, whichever application has it. */
export const ALTERNATE = `intranet.${DOMAIN}`;

/** An application that is published at its own name; the sites' server answers for it. */
export const publication = (sites: Sites, id: string, settings: object = {}): object => ({
  id,
  name: id,
  externalUrl: `https://${id}.apps.${DOMAIN}/`,
  internalUrl: sites.url(id),
  connectorGroup: 'sites',
  access: 'everyone',
  ...settings,
});

/** One of each kind. Scripts of the foreign origin may call `orders`. */
export const publications = (sites: Sites, foreignOrigin: string): object[] => {
  const application = (id: string, settings: object = {}) => publication(sites, id, settings);
  return [
    application('wiki', {
      segments: [{ externalUrl: `https://files.apps.${DOMAIN}/`, internalUrl: `${sites.url('files')}shared/` }],
      homePath: 'start?view=all',
      calls: ['orders', 'vault'],
    }),
    application('orders', {
      singleSignOn: { method: 'headers', headers: { 'Remote-User': 'username' } },
      cors: [{ path: '/api/', origins: [foreignOrigin], methods: ['PUT'], headers: ['x-token'] }],
    }),
    application('vault', { access: { users: ['carol'] } }),
    application('hr'),
    application('payroll', {
      externalUrl: `https://hr.apps.${DOMAIN}/payroll/`,
      internalUrl: `${sites.url('hr')}salaries/`,
      alternateUrl: `https://${ALTERNATE}/`,
    }),
    application('legacy', { externalUrl: `https://*.apps.${DOMAIN}/`, internalUrl: sites.url('*') }),
    application('closed', { maintenance: 'Back on Monday at 8, with <new> forms.' }),
    application('away', { connectorGroup: 'nobody' }),
    application('hub', { segments: HUB.map((name) => ({ externalUrl: `https://${name}.apps.${DOMAIN}/`, internalUrl: sites.url(name) })) }),
    { ...application('open', { preAuthentication: 'pass-through', robots: 'application' }), access: undefined },
  ];
};
