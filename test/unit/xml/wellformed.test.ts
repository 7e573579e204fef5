import { expect } from 'chai'
import { UsageError } from '../../../src/errors.js'
import { el, parse, serialize } from '../../../src/xml/node.js'
import type { XmlElement } from '../../../src/xml/node.js'

describe('xml that is refused', () => {
  const refused: [string, string, string][] = [
    ['nothing', '', 'line 1, column 1: the document is empty'],
    ['blanks', ' \n\t', 'line 2, column 2: the document is empty'],
    ['no element', '<!-- only this -->', 'line 1, column 19: there is no root element'],
    ['text alone', 'domain', 'line 1, column 1: text stands outside the root element'],
    ['text before the root', 'x<a/>', 'line 1, column 1: text stands outside the root element'],
    ['text after the root', '<a/>\nx', 'line 1, column 5: text stands outside the root element'],
    ['a no-break space after the root', '<a/>\u00a0', 'line 1, column 5: text stands outside'],
    ['two roots', '<a/>\n<b/>', 'line 2, column 1: a second root element, <b>'],
    ['two roots with content', '<a>1</a><a>2</a>', 'line 1, column 9: a second root element, <a>'],
    ['truncation after a tag', '<a><b>', 'line 1, column 7: the text ends before </b>'],
    ['truncation in a tag', '<a><b c="', 'line 1, column 6: the tag <b> is malformed'],
    ['truncation in a comment', '<a><!-- b', 'line 1, column 4: a comment is never closed'],
    ['truncation in CDATA', '<a><![CDATA[ b', 'line 1, column 4: a CDATA section is never closed'],
    ['truncation in the declaration', '<?xml version="1.0"', 'line 1, column 1: the XML declaration is never closed'],
    ['tags that cross', '<a><b></a></b>', 'line 1, column 7: </a> where </b> is needed'],
    ['another case', '<a></A>', 'line 1, column 4: </A> where </a> is needed'],
    ['a closing tag too many', '<a/></a>', 'line 1, column 5: </a> closes nothing'],
    ['a DOCTYPE', '<!DOCTYPE domain><domain/>', 'line 1, column 1: a DOCTYPE is not allowed'],
    ['a DOCTYPE in small letters', '<?xml version="1.0"?>\n<!doctype a><a/>', 'line 2, column 1: a DOCTYPE is not allowed'],
    ['a DOCTYPE inside', '<a><!DOCTYPE b></a>', 'line 1, column 4: a DOCTYPE is not allowed'],
    ['an entity bomb', '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>', 'a DOCTYPE is not allowed'],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 'a DOCTYPE is not allowed'],
    ['a stray declaration', '<!ENTITY x "y"><a/>', 'line 1, column 1: a <! declaration is not allowed'],
    ['an unknown entity', '<a>&nbsp;</a>', 'line 1, column 4: an & is followed by no known entity'],
    ['an entity in capitals', '<a>&AMP;</a>', 'line 1, column 4: an & is followed by no known entity'],
    ['a bare &', '<a b="x & y"/>', 'an & is followed by no known entity'],
    ['NUL', '<a>\n\0</a>', 'line 2, column 1: U+0000 is not allowed in XML'],
    ['a control character', '<a b="\x07"/>', 'line 1, column 7: U+0007 is not allowed in XML'],
    ['a lone surrogate', '<a>\ud800</a>', 'U+D800 is not allowed in XML'],
    ['U+FFFF', '<a>\uffff</a>', 'U+FFFF is not allowed in XML'],
    ['NUL as a number', '<a>&#0;</a>', '&#0; is not a character that XML allows'],
    ['a surrogate as a number', '<a>&#xD800;</a>', '&#xD800; is not a character'],
    ['a number past Unicode', '<a>&#x110000;</a>', '&#x110000; is not a character'],
    ['an endless number', `<a>&#${'9'.repeat(400)};</a>`, 'is not a character'],
    ['an attribute twice', '<a b="1" b="2"/>', 'line 1, column 9: <a> has two attributes b'],
    ['an attribute without quotes', '<a b=1/>', 'the tag <a> is malformed'],
    ['an attribute without value', '<a b/>', 'the tag <a> is malformed'],
    ['attributes without a blank between', '<a b="1"c="2"/>', 'the tag <a> is malformed'],
    ['< in an attribute', '<a b="<"/>', 'the tag <a> is malformed'],
    ['< before a blank', '<a>1 < 2</a>', 'line 1, column 6: < does not start a tag here'],
    [']]> in text', '<a>x]]></a>', 'line 1, column 5: ]]> is not allowed in text'],
    ['-- in a comment', '<a><!-- b -- c --></a>', '-- is not allowed in a comment'],
    ['a comment that ends in --->', '<a><!-- b ---></a>', '-- is not allowed in a comment'],
    ['CDATA outside', '<![CDATA[x]]><a/>', 'a CDATA section stands outside the root element'],
    ['a declaration that comes late', '\n<?xml version="1.0"?><a/>', 'the XML declaration must stand at the very start'],
    ['a declaration inside', '<a><?XML version="1.0"?></a>', 'the XML declaration must stand at the very start'],
    ['an instruction without name', '<a><? x?></a>', 'a processing instruction has no usable name'],
    ['an instruction that hides its end', '<a><?x y??></a>', 'ends in ??>'],
    ['a name that objects lose', '<a __proto__="1"/>', 'an attribute __proto__, a name that is not supported'],
    ['a name that hides a method', '<a hasOwnProperty="1" b="2"/>', 'hasOwnProperty, a name that is not supported'],
    ['20,000 levels', '<a>'.repeat(20_000) + '</a>'.repeat(20_000), 'column 769: elements are nested more than 256 deep'],
    ['JSON', '{"name": "web"}', 'text stands outside the root element'],
    ['HTML', '<!DOCTYPE html><html><br></html>', 'a DOCTYPE is not allowed'],
  ]
  for (const [what, xml, message] of refused) {
    it(`${what}: ${message}`, () => {
      expect(() => parse(xml)).to.throw(UsageError).that.satisfies(({ message: said, exitCode }: UsageError) =>
        exitCode === 2 && said.startsWith('not valid XML, line ') && said.includes(message) && !said.includes('\n') && said.length < 250)
    })
  }

  const taken: [string, string][] = [
    ['a byte order mark', '\uFEFF<?xml version="1.0" encoding="UTF-8"?><a/>'],
    ['comments and instructions around the root', '<!-- a --><?b c?>\n<a/>\n<!-- d -->'],
    ['256 levels', '<a>'.repeat(256) + '</a>'.repeat(256)],
    ['blanks in tags', '<a\n\tb = "1"\r\nc=\'2\' ></a >'],
    ['any order of quotes', `<a b='"' c="'"/>`],
    ['] and ]] in CDATA', '<a><![CDATA[]]]]></a>'],
    ['an instruction with ? and >', '<a><?b ? > ?></a>'],
  ]
  for (const [what, xml] of taken) it(`but not ${what}`, () => expect(parse(xml).name).to.equal('a'))

  it('is not written either: 257 levels', () => {
    let element: XmlElement = el('a', {})
    for (let level = 1; level < 257; level++) element = el('a', {}, element)
    expect(() => serialize(element)).to.throw(UsageError, 'more than 256 deep')
  })
})
