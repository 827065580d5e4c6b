import { marked, type Token, type Tokens } from 'marked';
import { Fragment, memo, type ReactNode, useMemo } from 'react';
import './markdown.css';

/**
 * Markdown as models write it, drawn as elements: HTML in it is shown as text, and links leave the page only for http, https
 * and mail. A text that grows keeps the blocks that are finished.
 */
export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => marked.lexer(text), [text]);
  return (
    <div className="ui-markdown">
      {blocks.map((block, i) => (
        <Block key={i} raw={block.raw} token={block} />
      ))}
    </div>
  );
}

/** Drawn again only when its source has changed. */
const Block = memo(
  ({ token }: { raw: string; token: Token }) => <>{drawBlock(token)}</>,
  (before, after) => before.raw === after.raw,
);

function drawBlock(token: Token): ReactNode {
  switch (token.type) {
    case 'heading': {
      // The page has headings of its own, and what somebody wrote must not stand above them.
      const { tokens, depth } = token as Tokens.Heading;
      return (
        <p className="ui-markdown-head" data-depth={depth}>
          {inline(tokens)}
        </p>
      );
    }
    case 'paragraph':
      return <p>{inline((token as Tokens.Paragraph).tokens)}</p>;
    case 'blockquote':
      return <blockquote>{blocks((token as Tokens.Blockquote).tokens)}</blockquote>;
    case 'list': {
      const { ordered, start, items } = token as Tokens.List;
      const List = ordered ? 'ol' : 'ul';
      return (
        <List start={ordered && start !== '' ? start : undefined}>
          {items.map((item, i) => (
            <li key={i}>
              {item.task && <input type="checkbox" checked={item.checked ?? false} disabled readOnly />}
              {blocks(item.tokens)}
            </li>
          ))}
        </List>
      );
    }
    case 'code':
      return (
        <pre>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case 'table': {
      const { header, rows } = token as Tokens.Table;
      return (
        <div className="ui-markdown-table">
          <table>
            <thead>
              <tr>
                {header.map((cell, i) => (
                  <th key={i}>{inline(cell.tokens)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, i) => (
                <tr key={i}>
                  {row.map((cell, j) => (
                    <td key={j}>{inline(cell.tokens)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    }
    case 'hr':
      return <hr />;
    case 'space':
      return null;
    case 'text':
      return inline((token as Tokens.Text).tokens ?? [token]);
    default:
      return <p>{token.raw}</p>;
  }
}

const blocks = (tokens: readonly Token[]): ReactNode =>
  tokens.map((token, i) => <Fragment key={i}>{drawBlock(token)}</Fragment>);

const inline = (tokens: readonly Token[] = []): ReactNode =>
  tokens.map((token, i) => <Fragment key={i}>{drawInline(token)}</Fragment>);

function drawInline(token: Token): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong>{inline((token as Tokens.Strong).tokens)}</strong>;
    case 'em':
      return <em>{inline((token as Tokens.Em).tokens)}</em>;
    case 'del':
      return <del>{inline((token as Tokens.Del).tokens)}</del>;
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>;
    case 'br':
      return <br />;
    case 'link': {
      const { href, tokens } = token as Tokens.Link;
      return /^(https?:|mailto:)/i.test(href) ? (
        <a href={href} target="_blank" rel="noreferrer noopener nofollow">
          {inline(tokens)}
        </a>
      ) : (
        inline(tokens)
      );
    }
    // Loading a picture would tell a stranger who reads here.
    case 'image':
      return (token as Tokens.Image).text;
    case 'escape':
    case 'text': {
      const { text, tokens } = token as Tokens.Text;
      return tokens ? inline(tokens) : text;
    }
    default:
      return token.raw;
  }
}
