import "../../widget/elements/composer.js"
import "../../widget/elements/log.js"
import "./elements/messenger.js"
