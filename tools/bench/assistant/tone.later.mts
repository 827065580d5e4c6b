/**
 * Written when the lexicon was finished, in other words than those its author had in mind, and never looked at to change it: what
 * is nearer to a message of a stranger than the held-out half, which has the same author as the lexicon.
 */
export const later = {
  ru: {
    negative: `
      ну и зачем мне такой товар, рукав короче другого
      Отменяйте всё, с меня хватит
      Прошло две недели, трек не обновляется, вы там живые?
      Ощущение, что надо мной смеются
      Взяла на свадьбу, пришлось искать замену за час, праздник насмарку
      в приложении вечно ошибка оплаты, сил нет
      пришло с чужими волосами на воротнике 🤢
      Менеджер бросил трубку
      за такие деньги ожидала большего
      Отзывы явно накручены`,
    neutral: `
      скиньте видео как она сидит
      рост ребенка 128, какой брать?
      оформите на другое имя
      А с капюшоном бывают?
      Как долго хранится в пункте
      Привет
      можно частями оплатить?
      я уже заказывала у вас в мае, тот же адрес
      напомните адрес магазина
      если не подойдёт как вернуть`,
    positive: `
      Ношу второй сезон, как новая
      Нереально крутая сумка, подружки завидуют
      Теперь только к вам
      дошло за сутки, вот это скорость
      Ваш консультант просто находка
      Угодили, беру ещё одну для сестры
      Прям влюблена в этот цвет
      ничего лишнего, всё по делу, респект
      Мечта, а не пальто
      Дочка не снимает новую шапку 🥰`,
  },
  en: {
    negative: `
      one sleeve is longer than the other, who checks these?
      cancel everything, I have had enough
      two weeks and the tracking has not moved, anyone alive there?
      feels like you are laughing at me
      the manager hung up on me
      for this price I expected more
      I had to buy another dress an hour before the wedding
      payment error every single time, I give up
      the reviews are obviously bought
      someone else's hair on the collar 🤢`,
    neutral: `
      can you send a video of how it sits
      she is 128 cm, which one should I take?
      put it under another name
      do they come with a hood?
      how long is it kept at the pickup point
      hello
      can I pay in instalments?
      I ordered from you in May, same address
      remind me of the address of the shop
      if it does not fit how do I send it back`,
    positive: `
      second season and still like new
      my friends are jealous of this bag
      from now on only you
      arrived within a day, what a speed
      your consultant is a gem
      taking one more for my sister, you nailed it
      head over heels for this colour
      straight to the point, respect
      a dream of a coat
      my daughter refuses to take the new hat off 🥰`,
  },
};
