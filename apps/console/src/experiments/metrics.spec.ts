import { evenWeights, formatOf, metricOf, promptBotOf } from './metrics';

describe('what experiments measure', () => {
  it.each([2, 3, 4, 6])('spreads all people over %i arms', (count) => {
    const weights = evenWeights(count);
    expect(weights).toHaveLength(count);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(10_000);
    expect(Math.max(...weights) - Math.min(...weights)).toBeLessThan(count);
  });

  it('writes shares, money and counts each in its way', () => {
    const formats = { percent: (n: number) => `${n * 100} %`, cost: (n: number) => `$${n / 1e6}`, number: String };
    expect(formatOf(metricOf('liked'), formats)(0.125)).toBe('12.5 %');
    expect(formatOf(metricOf('failures'), formats)(0.02)).toBe('2 %');
    expect(formatOf(metricOf('cost'), formats)(1_500_000)).toBe('$1.5');
    expect(formatOf(metricOf('messages'), formats)(3.14159)).toBe('3.14');
  });

  it('knows the bot whose prompt is compared', () => {
    expect(promptBotOf('chat-ai.prompt:lumen')).toBe('lumen');
    expect(promptBotOf('payments.price:lumen')).toBeUndefined();
  });
});
