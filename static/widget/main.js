// Inner elements first: the whole finds them ready.
import "./elements/log.js"
import "./elements/composer.js"
import "./elements/menu.js"
import "./elements/widget.js"
