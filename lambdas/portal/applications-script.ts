// What the list of applications can do with a script: filter as one types, go by keys, and remember in this browser which ones were used.
// Without it the search field is a form, and all else is links.

/**
 * A constant: the page's policy allows exactly these characters. Hints about keys are for whoever points with a mouse, and so most likely has a
 * keyboard: fingers have none.
 */
export const APPLICATIONS_SCRIPT = `
const byId=(id)=>document.getElementById(id);
const search=byId('search'),found=byId('found'),recent=byId('recent'),others=byId('others'),shortcut=byId('shortcut');
const cards=[...document.querySelectorAll('li[data-id]')];
const read=(name,otherwise)=>{try{return JSON.parse(localStorage.getItem(name))??otherwise}catch{return otherwise}};
const write=(name,value)=>{try{localStorage.setItem(name,JSON.stringify(value))}catch{}};

const RECENT='sallyport-recent-'+others.dataset.user,RECENT_MAX=4;
const used=[read(RECENT,[])].flat().filter((id)=>cards.some((card)=>card.dataset.id===id));
for(const card of cards)for(const event of ['click','auxclick'])card.querySelector('a')?.addEventListener(event,()=>{
  write(RECENT,[card.dataset.id,...used.filter((id)=>id!==card.dataset.id)].slice(0,RECENT_MAX));
});
if(cards.length>RECENT_MAX)for(const id of used.slice(0,RECENT_MAX))recent.querySelector('ul').append(cards.find((card)=>card.dataset.id===id));

const plain=(text)=>text.normalize('NFD').replace(/\\p{M}/gu,'').toLowerCase();
const texts=new Map(cards.map((card)=>[card,plain([...card.querySelectorAll('strong,.description')].map((part)=>part.textContent).join(' '))]));
const filter=()=>{
  const words=plain(search.value).split(/\\s+/);
  for(const card of cards)card.hidden=!words.every((word)=>texts.get(card).includes(word));
  const shown=cards.filter((card)=>!card.hidden).length;
  for(const section of [recent,others])section.hidden=!section.querySelector('li:not([hidden])');
  others.querySelector('h2').hidden=recent.hidden;
  found.textContent=search.value.trim()===''?'':shown===0?'No application fits.':shown+' of '+cards.length;
};
search.addEventListener('input',filter);
search.form.querySelector('button').hidden=true;
filter();

shortcut.checked=read('sallyport-shortcut',true);
shortcut.addEventListener('change',()=>write('sallyport-shortcut',shortcut.checked));
byId('keys').hidden=!matchMedia('(hover: hover) and (pointer: fine)').matches;

const beside=(from,way)=>{
  const at=from.getBoundingClientRect();
  const far=(link)=>{const to=link.getBoundingClientRect();return [way*(to.top-at.top),Math.abs(to.left-at.left)]};
  return links().filter((link)=>far(link)[0]>1).sort((one,other)=>far(one)[0]-far(other)[0]||far(one)[1]-far(other)[1])[0];
};
const links=()=>cards.filter((card)=>!card.hidden).map((card)=>card.querySelector('a')).filter(Boolean)
  .sort((one,other)=>one.compareDocumentPosition(other)&Node.DOCUMENT_POSITION_FOLLOWING?-1:1);
document.addEventListener('keydown',(event)=>{
  const {key}=event,at=document.activeElement,all=links(),index=all.indexOf(at);
  if(event.ctrlKey||event.metaKey||event.altKey)return;
  let next;
  if(at===search){
    if(key==='ArrowDown')next=all[0];
    if(key==='Enter'&&search.value.trim()!==''){event.preventDefault();all[0]?.click()}
  }else if(key==='/'&&shortcut.checked)next=search;
  else if(index>=0)next={ArrowRight:all[index+1],ArrowLeft:all[index-1],ArrowDown:beside(at,1),ArrowUp:beside(at,-1)??search}[key];
  if(!next)return;
  event.preventDefault();
  next.focus();
});
`.trim();
