import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import { BUILT_IN, ScenarioClassifier } from './scenario';
import { OwnScenario } from './scenario.entity';
import { type ToneOfText, toneOf } from './tone';

/** What is told of a message without any of its words. */
export interface Labels extends ToneOfText {
  readonly scenario: string;
}

/** So late a process knows what staff have changed elsewhere. */
const KNOWN_FOR_MS = 5000;

/** Labels what people write. No model is asked: every message is labelled, and none costs anything. */
@Injectable()
export class LabelsService {
  private readonly classifiers: LRUCache<string, ScenarioClassifier>;

  constructor(private readonly db: DataSource) {
    this.classifiers = new LRUCache({
      max: 1000,
      ttl: KNOWN_FOR_MS,
      fetchMethod: async (botId: string) => new ScenarioClassifier(await this.own(botId)),
    });
  }

  /** @returns for each text its labels */
  async labelsOf(botId: string, texts: readonly string[]): Promise<Labels[]> {
    const classifier = (await this.classifiers.fetch(botId))!;
    return texts.map((text) => {
      const tone = toneOf(text);
      return { ...tone, scenario: classifier.scenarioOf(text, tone.score) };
    });
  }

  /** Whether messages to the bot can be told to be about it. */
  async isKnown(botId: string, scenario: string): Promise<boolean> {
    if (BUILT_IN.some(({ key }) => key === scenario)) return true;
    return this.db.manager.existsBy(OwnScenario, { botId, key: scenario });
  }

  /** This process follows at once. */
  forget(botId: string): void {
    this.classifiers.delete(botId);
  }

  private own(botId: string): Promise<OwnScenario[]> {
    return this.db.manager.findBy(OwnScenario, { botId });
  }
}
