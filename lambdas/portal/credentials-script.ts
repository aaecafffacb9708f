// Seals what the user enters for the connectors (compact JWE, RFC 7516: ECDH-ES, RFC 7518 §4.6, with A256GCM), so that the form brings
// the portal nothing that anybody here could read.

/** A constant: the page's policy allows exactly these characters. */
export const CREDENTIALS_SCRIPT = `
const form=document.getElementById('credentials');
const {application,owner,key,keyId}=form.dataset;
const byId=(id)=>document.getElementById(id);
const utf8=(text)=>new TextEncoder().encode(text);
const base64url=(bytes)=>btoa(String.fromCharCode(...bytes)).replace(/\\+/g,'-').replace(/\\//g,'_').replace(/=+$/,'');
const bytesOf=(text)=>Uint8Array.from(atob(text.replace(/-/g,'+').replace(/_/g,'/')),(character)=>character.charCodeAt(0));
const count=(number)=>{const four=new Uint8Array(4);new DataView(four.buffer).setUint32(0,number);return [...four]};
const {subtle}=crypto??{};

const seal=async(text)=>{
  const curve={name:'ECDH',namedCurve:'P-256'};
  const own=await subtle.generateKey(curve,true,['deriveBits']);
  const theirs=await subtle.importKey('raw',bytesOf(key),curve,false,[]);
  const shared=new Uint8Array(await subtle.deriveBits({name:'ECDH',public:theirs},own.privateKey,256));
  const {kty,crv,x,y}=await subtle.exportKey('jwk',own.publicKey);
  const header=base64url(utf8(JSON.stringify({alg:'ECDH-ES',enc:'A256GCM',kid:keyId,epk:{kty,crv,x,y}})));
  const algorithm=utf8('A256GCM');
  const derived=await subtle.digest('SHA-256',new Uint8Array([...count(1),...shared,...count(algorithm.length),...algorithm,...count(0),...count(0),...count(256)]));
  const secret=await subtle.importKey('raw',derived,'AES-GCM',false,['encrypt']);
  const iv=crypto.getRandomValues(new Uint8Array(12));
  const out=new Uint8Array(await subtle.encrypt({name:'AES-GCM',iv,additionalData:utf8(header)},secret,utf8(text)));
  return [header,'',base64url(iv),base64url(out.slice(0,-16)),base64url(out.slice(-16))].join('.');
};

byId('insecure').hidden=Boolean(subtle);
if(subtle){
  byId('save').disabled=false;
  form.addEventListener('submit',async(event)=>{
    event.preventDefault();
    byId('save').disabled=true;
    const username=byId('username').value,password=byId('password').value;
    byId('sealed').value=await seal(JSON.stringify({application,owner,username,password}));
    byId('username').value=byId('password').value='';
    form.submit();
  });
}
`.trim();
