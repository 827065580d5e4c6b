import { type Request, type Response, Router } from 'express';
import { text } from 'node:stream/consumers';
import { applyFault, type FailureAnswers } from '../kit/faults';
import { FormMalformed, FormTooLarge, readForm, type Upload } from '../kit/forms';
import { ClientGone, hangUpSignal } from '../kit/http';
import { ApiError, badRequest, notFound, tooManyRequests, unauthorized } from './api-error';
import { chatMethods } from './chat.methods';
import { inlineMethods } from './inline';
import { mediaMethods } from './media.methods';
import { messageMethods } from './message.methods';
import { type Caller, Described, jsonObject, type Method } from './method';
import { paymentMethods } from './payments';
import { profileMethods } from './profile.methods';
import type { Bot } from './state';
import type { TelegramContext } from './telegram.context';
import { updateMethods } from './updates';

/** A number that fits 64 bits and does not begin with 0, then the secret. */
const TOKEN = /^[1-9]\d{0,17}:[\w-]+$/;
const MAX_TOKEN = 80;
/** Telegram takes files of up to 50 MB from bots. */
const MAX_UPLOAD = 50 * 1024 * 1024;

/** Every method of Bot API 10.1 (11 June 2026), from its published machine-readable specification. */
export const BOT_API_METHODS = `
  getUpdates setWebhook deleteWebhook getWebhookInfo getMe logOut close sendMessage forwardMessage
  forwardMessages copyMessage copyMessages sendPhoto sendLivePhoto sendAudio sendDocument sendVideo sendAnimation
  sendVoice sendVideoNote sendPaidMedia sendMediaGroup sendLocation sendVenue sendContact sendPoll sendChecklist
  sendDice sendMessageDraft sendChatAction setMessageReaction getUserProfilePhotos getUserProfileAudios
  setUserEmojiStatus getFile banChatMember unbanChatMember restrictChatMember promoteChatMember
  setChatAdministratorCustomTitle setChatMemberTag banChatSenderChat unbanChatSenderChat setChatPermissions
  exportChatInviteLink createChatInviteLink editChatInviteLink createChatSubscriptionInviteLink
  editChatSubscriptionInviteLink revokeChatInviteLink approveChatJoinRequest declineChatJoinRequest
  answerChatJoinRequestQuery sendChatJoinRequestWebApp setChatPhoto deleteChatPhoto setChatTitle
  setChatDescription pinChatMessage unpinChatMessage unpinAllChatMessages leaveChat getChat getChatAdministrators
  getChatMemberCount getChatMember getUserPersonalChatMessages setChatStickerSet deleteChatStickerSet
  getForumTopicIconStickers createForumTopic editForumTopic closeForumTopic reopenForumTopic deleteForumTopic
  unpinAllForumTopicMessages editGeneralForumTopic closeGeneralForumTopic reopenGeneralForumTopic
  hideGeneralForumTopic unhideGeneralForumTopic unpinAllGeneralForumTopicMessages answerCallbackQuery
  answerGuestQuery getUserChatBoosts getBusinessConnection getManagedBotToken replaceManagedBotToken
  getManagedBotAccessSettings setManagedBotAccessSettings setMyCommands deleteMyCommands getMyCommands setMyName
  getMyName setMyDescription getMyDescription setMyShortDescription getMyShortDescription setMyProfilePhoto
  removeMyProfilePhoto setChatMenuButton getChatMenuButton setMyDefaultAdministratorRights
  getMyDefaultAdministratorRights getAvailableGifts sendGift giftPremiumSubscription verifyUser verifyChat
  removeUserVerification removeChatVerification readBusinessMessage deleteBusinessMessages setBusinessAccountName
  setBusinessAccountUsername setBusinessAccountBio setBusinessAccountProfilePhoto
  removeBusinessAccountProfilePhoto setBusinessAccountGiftSettings getBusinessAccountStarBalance
  transferBusinessAccountStars getBusinessAccountGifts getUserGifts getChatGifts convertGiftToStars upgradeGift
  transferGift postStory repostStory editStory deleteStory answerWebAppQuery savePreparedInlineMessage
  savePreparedKeyboardButton editMessageText editMessageCaption editMessageMedia editMessageLiveLocation
  stopMessageLiveLocation editMessageChecklist editMessageReplyMarkup stopPoll approveSuggestedPost
  declineSuggestedPost deleteMessage deleteMessages deleteMessageReaction deleteAllMessageReactions sendSticker
  getStickerSet getCustomEmojiStickers uploadStickerFile createNewStickerSet addStickerToSet
  setStickerPositionInSet deleteStickerFromSet replaceStickerInSet setStickerEmojiList setStickerKeywords
  setStickerMaskPosition setStickerSetTitle setStickerSetThumbnail setCustomEmojiStickerSetThumbnail
  deleteStickerSet sendRichMessage sendRichMessageDraft answerInlineQuery sendInvoice createInvoiceLink
  answerShippingQuery answerPreCheckoutQuery getMyStarBalance getStarTransactions refundStarPayment
  editUserStarSubscription setPassportDataErrors sendGame setGameScore getGameHighScores
`
  .trim()
  .split(/\s+/);

const METHODS = new Map<string, Method>(
  [messageMethods, mediaMethods, chatMethods, inlineMethods, paymentMethods, updateMethods, profileMethods]
    .flatMap((methods) => Object.entries(methods))
    .map(([name, run]) => [name.toLowerCase(), run]),
);

const SPELLING = new Map(BOT_API_METHODS.map((name) => [name.toLowerCase(), name]));

/** Method names are case-insensitive; this is how the documentation writes one. */
const spelled = (name: string) => SPELLING.get(name.toLowerCase()) ?? name;

/** How Telegram words what the kit's faults order. */
const FAILURES: FailureAnswers = {
  serverError: () => ({ body: new ApiError(500, 'Internal Server Error') }),
  tooManyRequests: (seconds) => ({ body: tooManyRequests(seconds) }),
};

/** `/bot<token>/<method>` and `/file/bot<token>/<path>`, with `/test` behind the token for the test environment. */
export function botApi(telegram: TelegramContext): Router {
  const router = Router();
  router.get(/^\/file\/bot([^/]+)(?:\/test)?\/(.+)$/, (req, res) => sendFile(telegram, req, res));
  router.all(/^\/bot([^/]+)(?:\/test)?\/([^/]+)\/?$/, (req, res) => answerCall(telegram, req, res));
  return router;
}

/** What the real server says to any other address. */
export const noSuchAddress = (_req: Request, res: Response) => answerError(res, notFound());

async function answerCall(telegram: TelegramContext, req: Request, res: Response): Promise<void> {
  try {
    const bot = authorized(telegram, req.params[0]!);
    const { params, uploads } = await readCall(req);
    const method = spelled(req.params[1]!);
    const files =
      uploads.size > 0 ? Object.fromEntries([...uploads].map(([name, file]) => [name, factsOf(file)])) : undefined;
    const chat = Number(params.chat_id);
    const call = telegram.calls.begin({ bot: bot.id, method, chat, params, ...(files && { files }) }, res);
    res.once('close', () => Object.assign(call, res.locals.said));
    const fault = telegram.faults.next(`telegram.${method}`, { chat });
    if (!(await applyFault(fault, res, FAILURES))) return;
    const result = await callMethod({ telegram, bot, uploads, signal: hangUpSignal(res) }, method, params);
    res.json(
      result instanceof Described
        ? { ok: true, result: result.result, description: result.description }
        : { ok: true, result },
    );
  } catch (error) {
    answerError(res, error);
  }
}

/** Runs a method by name. Throws ApiError: 404 for what is no method, 400 for what the sandbox cannot do. */
async function callMethod(caller: Caller, name: string, params: Record<string, unknown>): Promise<unknown> {
  const method = METHODS.get(name.toLowerCase());
  // To Telegram an empty parameter is as good as none; clients rely on it in forms, and send null in JSON.
  const given = Object.entries(params).filter(([, value]) => value !== '' && value !== null);
  if (method) return method(caller, Object.fromEntries(given));
  throw SPELLING.has(name.toLowerCase())
    ? badRequest('method is not supported by the sandbox')
    : notFound('method not found');
}

const NOT_IN_REPLIES = /^(get.*|setwebhook|deletewebhook|close|logout)$/i;

/** A call inside a webhook's answer. Its outcome is told to nobody but the call log. */
export async function callFromWebhook(
  telegram: TelegramContext,
  bot: Bot,
  { method, ...params }: Record<string, unknown>,
): Promise<void> {
  const name = spelled(String(method));
  const call = telegram.calls.begin({ bot: bot.id, method: name, chat: Number(params.chat_id), params });
  try {
    if (NOT_IN_REPLIES.test(name)) throw badRequest('method is not allowed in a webhook response');
    await callMethod({ telegram, bot, uploads: new Map(), signal: new AbortController().signal }, name, params);
    telegram.calls.end(call, 200);
  } catch (error) {
    telegram.calls.end(call, 400);
    call.description = (error as Error).message;
  }
}

function answerError(res: Response, thrown: unknown): void {
  if (thrown instanceof ClientGone) return;
  // Whatever was not foreseen is the sandbox's own mistake, and has to be seen by whoever runs it.
  if (!(thrown instanceof ApiError)) console.error(thrown);
  const error = thrown instanceof ApiError ? thrown : new ApiError(500, 'Internal Server Error');
  if (res.headersSent || res.destroyed) return;
  if (error.parameters?.retry_after) res.set('Retry-After', String(error.parameters.retry_after));
  res.locals.said = { description: error.description };
  res.status(error.status).json(error);
}

function authorized(telegram: TelegramContext, token: string): Bot {
  if (!TOKEN.test(token) || token.length > MAX_TOKEN) throw unauthorized('invalid token specified');
  const bot = telegram.botOf(token);
  if (!bot) throw unauthorized();
  return bot;
}

interface CallInput {
  /** In a JSON body values are what they are; in forms and queries all are strings, objects being JSON in them. */
  params: Record<string, unknown>;
  uploads: Map<string, Upload>;
}

/** Query and body in any of the encodings the Bot API takes. Throws ApiError 400 or 413. */
async function readCall(req: Request): Promise<CallInput> {
  const query = req.query as Record<string, unknown>;
  const type = req.headers['content-type'] ?? '';
  if (type.startsWith('application/json')) {
    return { params: { ...query, ...jsonObject(await text(req)) }, uploads: new Map() };
  }
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)/.test(type)) {
    return { params: { ...query }, uploads: new Map() };
  }
  try {
    const { fields, files } = await readForm(req, MAX_UPLOAD);
    const last = <T>(map: Map<string, T[]>) => [...map].map(([name, values]) => [name, values.at(-1)!] as const);
    return { params: { ...query, ...Object.fromEntries(last(fields)) }, uploads: new Map(last(files)) };
  } catch (error) {
    if (error instanceof FormTooLarge) throw new ApiError(413, 'Request Entity Too Large');
    if (error instanceof FormMalformed) throw badRequest(`can't parse the form: ${error.message}`);
    throw error;
  }
}

const factsOf = ({ name, mimeType, bytes }: Upload) => ({ name, mimeType, bytes: bytes.length });

async function sendFile(telegram: TelegramContext, req: Request, res: Response): Promise<void> {
  try {
    authorized(telegram, req.params[0]!);
    if (!(await applyFault(telegram.faults.next('telegram.file'), res, FAILURES))) return;
    const file = telegram.files.byPath(req.params[1]!);
    if (!file) throw notFound();
    // Telegram's file server names no better type either.
    res.type('application/octet-stream').sendFile(telegram.files.pathOf(file), { dotfiles: 'allow' });
  } catch (error) {
    answerError(res, error);
  }
}
