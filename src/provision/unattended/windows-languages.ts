import { UsageError } from '../../errors.js'
import { el, type XmlElement } from '../../xml/node.js'
import type { WindowsInstall } from './spec.js'
import { leaf } from './windows-xml.js'

/** The settings of both International-Core components: with `setup` those of Setup itself come first. */
export function languages(spec: WindowsInstall, { setup }: { setup: boolean }): XmlElement[] {
  const locale = spec.locale.replace(/\..*$/, '').replace('_', '-')
  const language = spec.language ?? locale
  return [
    ...setup ? [el('SetupUILanguage', {}, leaf('UILanguage', language))] : [],
    leaf('InputLocale', inputLocale(spec.keyboard)),
    leaf('SystemLocale', locale),
    leaf('UILanguage', language),
    leaf('UserLocale', locale),
  ]
}

/** The language's number and the layout's: https://learn.microsoft.com/en-us/windows-hardware/manufacture/desktop/default-input-locales-for-windows-language-packs */
function inputLocale(keyboard: string): string {
  const found = Object.entries(layouts).find(([name]) => name === keyboard)
  if (!found) throw new UsageError(`the keyboard layout ${keyboard} is not known for Windows`, `one of ${Object.keys(layouts).join(', ')}`)
  return found[1]
}

const layouts: Readonly<Record<string, string>> = {
  at: '0c07:00000407', be: '080c:0000080c', bg: '0402:00030402', br: '0416:00000416', ca: '0c0c:00001009', ch: '0807:00000807',
  cz: '0405:00000405', de: '0407:00000407', dk: '0406:00000406', ee: '0425:00000425', es: '0c0a:0000040a', fi: '040b:0000040b',
  fr: '040c:0000040c', gb: '0809:00000809', gr: '0408:00000408', hr: '041a:0000041a', hu: '040e:0000040e', ie: '1809:00001809',
  is: '040f:0000040f', it: '0410:00000410', jp: '0411:{03B5835F-F03C-411B-9CE2-AA23E1171E36}{A76C93D9-5523-4E90-AAFA-4DB112F9AC76}',
  latam: '080a:0000080a', lt: '0427:00010427', lv: '0426:00000426', nl: '0413:00020409', no: '0414:00000414', pl: '0415:00000415',
  pt: '0816:00000816', ro: '0418:00010418', rs: '081a:0000081a', ru: '0419:00000419', se: '041d:0000041d', si: '0424:00000424',
  sk: '041b:0000041b', tr: '041f:0000041f', ua: '0422:00020422', us: '0409:00000409',
}
