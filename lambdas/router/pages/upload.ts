// The script that lets an application's pages send bodies of any size to their own host (docs/uploads.md). It runs before all others of the page.
import { installFetch } from '../uploads/browser/fetch.ts';
import { installForms } from '../uploads/browser/forms.ts';
import { installXhr } from '../uploads/browser/xhr.ts';

installFetch();
installXhr();
installForms();
