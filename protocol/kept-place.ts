// An address that is too long to travel through the sign-in stays in the tab, and is found again where the sign-in comes back.

/** In the tab's `sessionStorage`. */
export const KEPT_PLACE = 'sallyport-kept-place';
/** Where it is found again. `at` says which application of the host it is of: the address itself nobody else knows. */
export const RETURN_PATH = '/.sallyport/return';

export const returnAddress = (origin: string, at: string): string => `${origin}${RETURN_PATH}?at=${encodeURIComponent(at)}`;
