import { Injectable } from '@nestjs/common';
import { FieldCipher } from '@switchboard/service-kit';
import type { MessageContent } from './message-content';

/** What people and assistants say is encrypted in the database, each field bound to its column. */
@Injectable()
export class MessageCipher {
  constructor(private readonly cipher: FieldCipher) {}

  seal({ text, quoted, senderName }: MessageContent): MessageContent {
    return {
      text: this.cipher.encrypt(text, 'messages.text'),
      quoted: quoted === null ? null : this.cipher.encrypt(quoted, 'messages.quoted'),
      senderName: senderName === null ? null : this.cipher.encrypt(senderName, 'messages.sender_name'),
    };
  }

  open({ text, quoted, senderName }: MessageContent): MessageContent {
    return {
      text: this.cipher.decrypt(text, 'messages.text'),
      quoted: quoted === null ? null : this.cipher.decrypt(quoted, 'messages.quoted'),
      senderName: senderName === null ? null : this.cipher.decrypt(senderName, 'messages.sender_name'),
    };
  }

  sealSummary(summary: string): string {
    return this.cipher.encrypt(summary, 'conversations.summary');
  }

  openSummary(sealed: string): string {
    return this.cipher.decrypt(sealed, 'conversations.summary');
  }
}
