var u=".emoji-panel{position:absolute;z-index:5;inset-block-end:100%;inset-inline:12px;max-inline-size:400px;padding:10px;border-radius:var(--r-4);background:var(--paper-0);box-shadow:var(--e-2);color:var(--ink-1)}.emoji-search{display:block;box-sizing:border-box;inline-size:100%;block-size:38px;padding-inline:12px;border:0;border-radius:var(--r-3);outline:none;background:var(--paper-0);box-shadow:inset 0 0 0 1px var(--line-strong);color:inherit;font:var(--t-input)}.emoji-search:focus{box-shadow:inset 0 0 0 2px var(--brand-ink)}.emoji-tabs{display:flex;gap:4px;margin-block:8px 4px}.emoji-tab{display:grid;place-items:center;inline-size:36px;block-size:36px;border-radius:var(--r-2);font-size:18px;filter:grayscale(1);opacity:.75}.emoji-tab:hover{background:var(--paper-2);opacity:1}.emoji-tab[aria-selected=true]{background:var(--brand-wash);filter:none;opacity:1}.emoji-title{margin:0;padding:4px;color:var(--ink-3);font:var(--t-meta)}.emoji-grid{max-block-size:190px;overflow-y:auto;overscroll-behavior:contain;scrollbar-width:thin}.emoji-row{display:grid;grid-template-columns:repeat(var(--columns),minmax(0,1fr))}.emoji-cell{display:grid;place-items:center;block-size:38px;border-radius:var(--r-2);font-size:23px;line-height:1;cursor:pointer}.emoji-cell:hover{background:var(--paper-2)}.emoji-cell:focus{outline:2px solid var(--brand-ink);outline-offset:-2px;background:var(--paper-2)}.emoji-none{margin:0;padding:16px 4px 20px;color:var(--ink-3);font:var(--t-small);text-align:center}@media(prefers-reduced-motion:no-preference){.emoji-panel{animation:emoji-comes var(--d-2) var(--ease-out)}}@keyframes emoji-comes{0%{opacity:0;transform:translateY(4px)}}";var y={smileys:`😀 grinning face|嘿嘿
😃 smiling with big eyes|大笑
😄 smiling with smiling eyes|开心
😁 beaming face|露齿笑
😆 laughing|哈哈
😅 relieved laugh|苦笑
😂 tears of joy|笑哭
🙂 slight smile|微笑
😉 winking|眨眼
😊 blushing smile|害羞
😇 halo|天使
😍 heart eyes|花痴
😘 blowing a kiss|飞吻
😋 yummy|好吃
😜 winking with tongue|调皮
🤔 thinking|思考
😐 neutral face|无语
😏 smirking|得意
😒 unamused|不满
🙄 rolling eyes|白眼
😬 grimacing|尴尬
😌 relieved|放心
😔 pensive|失落
😪 sleepy|困
😴 sleeping|睡觉
😷 medical mask|口罩
😎 sunglasses|酷
😕 confused|疑惑
😟 worried|担心
😮 open mouth|惊讶
😯 hushed|吃惊
😳 flushed|脸红
😢 crying|流泪
😭 sobbing|大哭
😱 screaming|惊恐
😖 confounded|纠结
😣 persevering|忍耐
😓 downcast with sweat|汗
😩 weary|疲惫
😤 huffing|哼
😡 angry|生气
😈 smiling with horns|坏笑
😑 expressionless|面无表情
😶 no mouth|沉默
😵 dizzy|晕
🥳 partying|庆祝`,people:`👍 thumbs up|赞
👎 thumbs down|踩
👌 OK hand|好的
✌️ victory hand|胜利
👏 clapping|鼓掌
🙏 folded hands|拜托
💪 strong arm|加油
👋 waving|挥手
✋ raised hand|举手
👊 fist|拳头
🤝 handshake|握手
👉 pointing right|右指
👆 pointing up|上指
🤞 crossed fingers|祝好运
🙌 raised hands|欢呼
🤷 shrug|耸肩
🙋 raising hand|我来
🤦 facepalm|捂脸
👀 eyes|看
👂 ear|耳朵
👄 mouth|嘴
👶 baby|宝宝
👦 boy|男孩
👧 girl|女孩
👨 man|男人
👩 woman|女人
👴 old man|爷爷
👵 old woman|奶奶`,nature:`🐶 dog|狗
🐱 cat|猫
🐷 pig|猪
🐴 horse|马
🐰 rabbit|兔子
🐼 panda|熊猫
🌹 rose|玫瑰
🌲 tree|树
🍀 four leaf clover|四叶草
☀️ sun|太阳
🌙 moon|月亮
⭐ star|星星
☁️ cloud|云
☔ rain|下雨
⛄ snowman|雪人
🌈 rainbow|彩虹
🔥 fire|火
🍉 watermelon|西瓜
🍎 apple|苹果
🍦 ice cream|冰淇淋
🍚 rice|米饭
🍷 wine|红酒
🍻 beer|啤酒
☕ coffee|咖啡`,things:`❤️ red heart|爱心
💔 broken heart|心碎
🎉 party popper|撒花
🎁 gift|礼物
🎂 birthday cake|蛋糕
🎄 Christmas tree|圣诞树
💡 light bulb|灯泡
💤 zzz|瞌睡
💰 money bag|钱
💩 poo|便便
💣 bomb|炸弹
💄 lipstick|口红
👑 crown|皇冠
🎤 microphone|话筒
🎵 music|音乐
🎲 dice|骰子
🏀 basketball|篮球
⚽ football|足球
🏡 house|家
🚗 car|汽车
✈️ aeroplane|飞机
📞 telephone|电话
📦 parcel|包裹
📚 books|书
🎓 graduation cap|毕业
⏰ alarm clock|闹钟
✅ check mark|完成
❌ cross mark|错误
❓ question mark|问号
💯 hundred points|满分`},l=Object.fromEntries(Object.entries(y).map(([r,e])=>[r,e.split(`
`).map(t=>{let i=t.indexOf(" ");return{sign:t.slice(0,i),names:t.slice(i+1).split("|")}})]));function g({names:r},e){return(e.startsWith("zh")?r[1]:r[0])??""}function b(r){let e=r.toLowerCase().split(/\s+/u).filter(Boolean);return Object.values(l).flat().filter(({sign:i,names:s})=>e.every(n=>i.startsWith(n)||s.some(a=>a.toLowerCase().includes(n))))}var w=18,h={recent:"🕘",smileys:"🙂",people:"👋",nature:"🌲",things:"💡"},c=null;function S(r){if(c)return c.close(!0);let e=new CSSStyleSheet;e.replaceSync(u),document.adoptedStyleSheets.some(({cssRules:t})=>t[0]?.cssText.startsWith(".emoji-panel"))||(document.adoptedStyleSheets=[...document.adoptedStyleSheets,e]),c=new d(r)}var d=class{#o=new AbortController;#e="smileys";constructor(e){this.wishes=e;let{say:t,parent:i,button:s}=e;this.panel=o("div","emoji-panel",{role:"dialog",ariaLabel:t("comp-emoji")}),this.search=o("input","emoji-search",{type:"search"}),this.search.placeholder=this.search.ariaLabel=t("comp-emoji-search"),this.tabs=o("div","emoji-tabs",{role:"tablist",ariaLabel:t("emoji-groups")}),this.title=o("p","emoji-title",{id:"emoji-title"}),this.grid=o("div","emoji-grid",{role:"grid"}),this.grid.setAttribute("aria-labelledby","emoji-title"),this.panel.append(this.search,this.tabs,this.title,this.grid),this.#l(),i.append(this.panel),s.ariaExpanded="true",this.#n().length>0&&(this.#e="recent"),this.#s(),this.search.focus()}#l(){let{signal:e}=this.#o;this.search.addEventListener("input",()=>this.#s(),{signal:e}),this.panel.addEventListener("keydown",t=>this.#m(t),{signal:e}),this.grid.addEventListener("click",({target:t})=>this.#r(t,!1),{signal:e}),document.addEventListener("pointerdown",({target:t})=>this.#c(t),{signal:e,capture:!0})}close(e){c=null,this.#o.abort(),this.panel.remove(),this.wishes.button.ariaExpanded="false",e&&this.wishes.done()}#c(e){e instanceof Node&&(this.panel.contains(e)||this.wishes.button.contains(e))||this.close(!1)}#s(){let{say:e}=this.wishes,t=this.search.value.trim();this.tabs.replaceChildren(...Object.keys(h).map(p=>this.#h(p,!t)));let i=t?b(t):this.#e==="recent"?this.#n():l[this.#e]??[];this.title.textContent=e(t?"comp-emoji-search":`emoji-${this.#e}`);let s=this.#a();this.grid.style.setProperty("--columns",String(s));let n=Array.from({length:Math.ceil(i.length/s)},(p,m)=>this.#p(i.slice(m*s,(m+1)*s))),a=o("p","emoji-none",{textContent:e(t?"emoji-none":"emoji-no-recent")});this.grid.replaceChildren(...n.length>0?n:[k(a)]),this.grid.scrollTop=0,this.#t[0]?.setAttribute("tabindex","0")}#h(e,t){let i=t&&e===this.#e,s=o("button","emoji-tab",{type:"button",role:"tab",textContent:h[e]??""});return s.ariaLabel=this.wishes.say(`emoji-${e}`),s.title=s.ariaLabel,s.ariaSelected=String(i),s.tabIndex=i||!t&&e==="recent"?0:-1,s.addEventListener("click",()=>{this.#e=e,this.search.value="",this.#s(),this.#d(e)?.focus()}),s}#d(e){return this.tabs.children[Object.keys(h).indexOf(e)]}#p(e){let t=o("div","emoji-row",{role:"row"});return t.append(...e.map(i=>{let s=o("span","emoji-cell",{role:"gridcell",textContent:i.sign,tabIndex:-1});return s.ariaLabel=s.title=g(i,this.wishes.language),s})),t}#a(){let e=this.wishes.parent.clientWidth;return e<=340?6:e<=360?8:9}get#t(){return[...this.grid.querySelectorAll(".emoji-cell")]}#m(e){if(e.isComposing)return;e.stopPropagation();let{target:t,key:i}=e;i==="Escape"?this.close(!0):t===this.search?this.#u(e):t instanceof Element&&t.role==="tab"?this.#g(e):this.#b(e)}#u(e){let t=this.#t[0];e.key==="ArrowDown"&&this.#i(e,t),e.key==="Enter"&&t&&(e.preventDefault(),this.#r(t,e.shiftKey))}#g(e){let t=[...this.tabs.children],i=t.indexOf(e.target),s=getComputedStyle(this.tabs).direction==="rtl"?-1:1,n={ArrowRight:s,ArrowLeft:-s}[e.key];e.key==="ArrowDown"&&this.#i(e,this.#t[0]),n&&(e.preventDefault(),t.at((i+n)%t.length)?.click())}#b(e){let t=this.#t,i=t.indexOf(e.target),s=this.#a(),n=getComputedStyle(this.grid).direction==="rtl"?-1:1;if(e.key==="Enter"||e.key===" ")return e.preventDefault(),this.#r(e.target,e.shiftKey);let a={ArrowRight:i+n,ArrowLeft:i-n,ArrowDown:i+s,ArrowUp:i-s,Home:i-i%s,End:Math.min(i-i%s+s-1,t.length-1),PageDown:t.length-1,PageUp:0}[e.key];a!==void 0&&(e.key==="ArrowUp"&&a<0?this.#i(e,this.search):this.#i(e,t[a]))}#i(e,t){if(e.preventDefault(),!!t){for(let i of this.#t)i.tabIndex=i===t?0:-1;t.focus()}}#r(e,t){let s=(e instanceof Element?e.closest(".emoji-cell"):null)?.textContent;s&&(this.wishes.insert(s),this.#y(s),t&&this.close(!0))}#n(){let e=Object.values(l).flat();return(this.#f()??"").split(" ").flatMap(i=>e.find(s=>s.sign===i)??[])}#f(){try{return this.wishes.keep?.getItem("parlor.emoji")}catch{return null}}#y(e){let t=this.#n().flatMap(i=>i.sign===e?[]:i.sign);try{this.wishes.keep?.setItem("parlor.emoji",[e,...t].slice(0,w).join(" "))}catch{}}};function o(r,e,t){let i=document.createElement(r);return Object.assign(i,{className:e},t)}function k(r){let[e,t]=[o("div","",{role:"row"}),o("div","",{role:"gridcell"})];return t.append(r),e.append(t),e}export{S as toggleEmoji};
